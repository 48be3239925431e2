/**
 * The platform's own sentences (causes, remedies, rules) are English; here they are said in Chinese, as far as they are
 * known. A sentence that is not known is shown as it came: a reason in the wrong language is better than none.
 */
import { DESK_SENTENCES } from './deskWords'
import { language } from './index'
import { REGISTER_SENTENCES } from './registerWords'
import { RIGHTS_SENTENCES } from './rightsWords'

const SENTENCES: readonly [RegExp, string][] = [
  ...DESK_SENTENCES,
  ...REGISTER_SENTENCES,
  ...RIGHTS_SENTENCES,
  // starting a stream
  [/^No media worker is running\.?$/, '没有视频服务在运行。'],
  [/^no media worker is running: the clip is made later$/, '没有视频服务在运行，录像稍后截取'],
  [/^It is restarted by itself; if this stays, look for worker errors in the log\.$/, '会自动重启；若持续，请在日志中查看视频服务的错误。'],
  [/^The media worker of this stream ended unexpectedly\.$/, '该路视频的服务进程意外退出。'],
  [/^The stream is started again on another worker by itself\.$/, '会自动换一个进程重新拉流。'],
  [/^Check on the device that this channel exists and that its number of streams is not exhausted\.$/, '请在设备上确认该通道存在，且路数未用完。'],
  [/^Check that the device is online and that its SIP address and port are reachable\.$/, '请确认设备在线，且其国标地址与端口可达。'],
  [/^The device agreed to send, but within ([\d.]+) s it has not connected by TCP to (.+)\.$/, '设备已同意送流，但 $1 秒内没有以 TCP 连接到 $2。'],
  [/^The device agreed to send, but within ([\d.]+) s it has not sent a packet by UDP to (.+)\.$/, '设备已同意送流，但 $1 秒内没有以 UDP 向 $2 发来数据。'],
  [/^Check that the device can reach (.+) \(setting media\.advertised\) and that a firewall lets it in\.$/, '请确认设备能到达 $1（设置项 media.advertised），且防火墙放行。'],
  [/^Packets come, but after ([\d.]+) s no picture can be shown: .*$/, '有数据到达，但 $1 秒内没有可显示的画面（没有关键帧或编码不符）。'],
  [/^Set the camera's stream to H\.264 or H\.265 in PS, with a key frame at least every 4 s\.$/, '请将摄像机设为 PS 封装的 H.264 或 H.265，且至少每 4 秒一个关键帧。'],
  [/^The device stopped sending: no packet for (\d+) s\.$/, '设备停止送流：$1 秒没有数据。'],
  [/^Check the camera's power and network\.$/, '请检查摄像机的供电与网络。'],
  [/^[Tt]he device is offline\.?$/, '设备离线。'],
  [/^Check its power and network; it registers again by itself\.$/, '请检查其供电与网络，恢复后会自动重新注册。'],
  [/^The media connection was lost: .*$/, '视频连接中断。'],
  [/^It is started again by itself while it is recorded\.$/, '录像点位会自动重新拉流。'],
  [/^The device ended the stream: .*$/, '设备结束了送流。'],
  [/^Ask for the picture again\.$/, '请重新打开画面。'],
  [/^No receiver could be opened: .*$/, '无法打开收流端口。'],
  [/^Check that the range media\.ports is free\.$/, '请确认 media.ports 端口范围空闲。'],
  [/^Close live pictures that nobody needs\.$/, '请关闭不需要的实时画面。'],
  [/^point (\d+) \((.+)\) has no camera bound to it: .*$/, '点位 $1（$2）没有绑定设备通道，请先绑定。'],
  [/^this camera's stream does not run: .*$/, '该点位没有在拉流，请先打开实时画面。'],
  [/^the platform is being stopped$/, '平台正在停止。'],
  [/^media to (.+) by TCP, the device connects$/, '收流地址 $1，TCP，由设备连接'],
  [/^media to (.+) by UDP$/, '收流地址 $1，UDP'],
  [/^the device sends from (.+)$/, '设备从 $1 送流'],
  [/^tcp-passive$/, 'TCP 被动'],
  [/^udp$/, 'UDP'],
  // devices
  [/^The device did not answer\.$/, '设备没有应答。'],
  [/^The device took the order, but no picture came within (.+) s\.$/, '设备接受了命令，但 $1 秒内没有收到图片。'],
  [/^The device sent no picture that can be shown: (.+)\.$/, '设备上传的内容无法显示：$1。'],
  [
    /^The device says that it could not upload the picture: it may not reach the platform by HTTP\.$/,
    '设备报告图片上传失败：它可能无法通过 HTTP 访问平台。',
  ],
  [
    /^The device says that it has uploaded the picture, but nothing came to the platform\.$/,
    '设备报告图片已上传，但平台没有收到。',
  ],
  [/^the device speaks an edition before 2022: it does not know snapshots$/, '设备的协议版本早于 2022，不支持图像抓拍'],
  [/^The device took the order \(200\) but did not confirm it\.$/, '设备已收下命令（200），但未确认执行。'],
  [/^The device answers ERROR: (.+)\.$/, '设备答复 ERROR：$1。'],
  [/^The device answers ERROR\.$/, '设备答复 ERROR。'],
  [/^The device refuses: (.+)\.$/, '设备拒绝：$1。'],
  [/^The device went away before it answered\.$/, '设备在应答前离线。'],
  [/^the device refuses: (.+)$/, '设备拒绝：$1'],
  [/^the device answers (\d+) (.*)$/, '设备答复 $1 $2'],
  [/^the device did not answer$/, '设备没有应答'],
  [/^the device ended it: (.+)$/, '设备终止：$1'],
  [/^the device had forgotten it \(481\)$/, '设备已丢失该订阅（481）'],
  [/^the device wanted another Event header \(489\)$/, '设备要求另一种 Event 头（489）'],
  [/^the device announced (\d+) items and sent (\d+), the same ones every time: .*$/, '设备声明 $1 项，每次都只送来相同的 $2 项：计数有误，或其中一段每次都在途中丢失'],
  [/^the device announced (\d+) items and sent (\d+)$/, '设备声明 $1 项，实际送来 $2 项'],
  [/^the device's catalogue goes on after (\d+) items: the rest is not taken$/, '设备目录超过 $1 项仍未结束：其余不再接收'],
  [/^the device's catalogue does not end within (\d+) s: the rest is not taken$/, '设备目录 $1 秒内未结束：其余不再接收'],
  // parts of the system
  [/^(\d+) workers?$/, '$1 个进程'],
  [/^(\d+) of (\d+) media workers are running$/, '$2 个视频服务进程中 $1 个在运行'],
  [/^no media worker is running: nothing is recorded or shown$/, '没有视频服务在运行：不能录像和播放'],
  [/^the disk is nearly full: points of class (.+) are not recorded$/, '磁盘将满：第 $1 类点位已停止录像'],
  [/^(\d+) commits have failed since the start: look at the disk$/, '启动以来有 $1 次写入失败，请检查磁盘'],
  [/^the audit log contradicts a signed checkpoint: run fengtai-audit-verify$/, '审计记录与签名检查点不符，请运行 fengtai-audit-verify'],
  // checks of the first run
  [/^is not set, so that no unknown device can register$/, '未设置，未登记的设备不能注册。'],
  [/^set 12 or more characters of your own choosing; openssl rand -base64 12 makes one$/, '请自定 12 个以上字符；可用 openssl rand -base64 12 生成。'],
  [/^(.+): only devices on this machine \(simulated ones\) can reach it$/, '$1：只有本机（模拟）设备能到达。'],
  // rules
  [/^(R\d+ v\d+): by the priority ladder$/, '$1：按优先级规则'],
  [/^(R\d+ v\d+): repeat of a message already received$/, '$1：重复收到的同一信号'],
  [/^(R\d+ v\d+): same event by another path$/, '$1：另一线路上报的同一事件'],
  [/^(R\d+ v\d+): still present$/, '$1：状态持续'],
  [/^(R\d+ v\d+): same unmapped signal again$/, '$1：同一未识别信号再次上报'],
  [/^(R\d+ v\d+): path still lost$/, '$1：线路仍中断'],
  [/^(R\d+ v\d+): the same condition again while its alarm stands$/, '$1：警情未结期间同一情况再次上报'],
  [/^(R\d+ v\d+): technical condition ended by itself$/, '$1：技术状况自行恢复'],
  [/^(R\d+ v\d+): condition ended; a person decides$/, '$1：情况已恢复，由人决定'],
  [/^(R\d+ v\d+): life-safety signal that is not mapped$/, '$1：未识别的生命安全信号'],
  [/^(R\d+ v\d+): account or code is not known$/, '$1：账号或代码未登记'],
  [/^(R\d+ v\d+): cancelled within 30 s of the alarm$/, '$1：报警后 30 秒内取消'],
  [/^(R\d+ v\d+): on test, but life safety: ask a person$/, '$1：测试中的生命安全信号，由人核实'],
  [/^(R\d+ v\d+): on test$/, '$1：测试中'],
  [/^(R\d+ v\d+): swinger: .*$/, '$1：同一防区一次布防内频繁触发'],
  [/^(R\d+ v\d+): low-priority technical signal: logged$/, '$1：低级技术信号，仅记录'],
  [/^(R\d+ v\d+): opening or closing out of order$/, '$1：异常布撤防'],
  [/^(R\d+ v\d+): another call about the same alarm, as the call-taker says$/, '$1：接警员确认为同一警情的又一来电'],
  // refusals that an operator meets
  [/^say where: premises, a point, .*$/, '请说明地点：防护单位、点位、地图位置或地址。'],
  [/^a telephone number has digits and .*$/, '电话号码只能含数字和 + - * # ( )。'],
  [/^the hand-over of (.+) at this post waits to be accepted or withdrawn$/, '本席位 $1 的交班尚未接班或撤回。'],
  [/^a hand-over is accepted by somebody else than the one who wrote it$/, '交班须由另一人接班。'],
  [/^(.+) has accepted this hand-over already$/, '$1 已接班。'],
  [/^(.+) has withdrawn this hand-over$/, '$1 已撤回交班。'],
  [/^(\d+) of (\d+) items have not been looked at$/, '$2 项中还有 $1 项未查看。'],
  [/^(The )?name or (the )?password is wrong\.?$/i, '用户名或口令不正确。'],
  // what befell an alarm
  [/^timer$/, '定时'],
  [/^nobody has taken it: call (\d+)$/, '无人接警，第 $1 次催办'],
  [/^its time on the shelf is over$/, '搁置到期'],
  [/^(\w+) (.+): last heard (.+) UTC, .*$/, '$2 失联，最后上报（UTC）$3'],
  // signing in and one's own keys
  [/^Too many failed sign-ins\. .*$/, '登录失败次数过多，请等几分钟再试。'],
  [/^Too many sign-ins were begun from here .*$/, '从此处发起的登录过多且未完成，请等几分钟再试。'],
  [/^You are not signed in, or your session is over\. .*$/, '尚未登录，或登录已失效，请重新登录。'],
  [/^This code is wrong, or was used before\. .*$/, '验证码不正确，或已被使用；请等下一个。'],
  [/^This sign-in took too long or was finished already\. .*$/, '本次登录已超时或已完成，请重新开始。'],
  [/^This passkey is not known here, or its answer is not good\.$/, '本系统没有此通行密钥，或其应答无效。'],
  [/^This is not the code that the app shows now\. .*$/, '不是应用当前显示的验证码；请检查设备时钟。'],
  [/^This (offer|question to the device) is over\. .*$/, '已超时，请重新开始。'],
  [/^Type your present password: .*$/, '登录已超过十分钟，请输入现用口令。'],
  [/^The (present|old) password is wrong\.$/, '现用口令不正确。'],
  [/^Sign in again first: .*$/, '登录已超过十分钟，请先重新登录。'],
  [/^Your role needs a second factor\. .*$/, '您的角色必须使用第二因素：请先登记另一个，再移除这个。'],
  [/^A person has at most (\d+) (passkeys|tokens)\. .*$/, '每人最多 $1 个，请先移除一个。'],
  [/^This passkey is entered already\.$/, '此通行密钥已登记。'],
  [/^a password has at least (\d+) characters$/, '口令至少 $1 个字符。'],
  [/^a password mixes at least three of: .*$/, '口令须含大写、小写、数字、符号中的三类。'],
  [/^the password must not contain the name$/, '口令不得包含用户名。'],
  [/^this password is among the first that are tried; .*$/, '此口令过于常见，请用自己的词句。'],
  [/^this is one of your last (\d+) passwords; .*$/, '与最近 $1 个口令相同，请另选。'],
  [/^nobody resets their own second factors; .*$/, '不得重置本人的第二因素，请由另一位管理员操作。'],
  [/^nobody may set an auditor's password; .*$/, '不得为审计员重设口令，请新增审计员。'],
  [/^nobody becomes administrator or auditor through a provider$/, '不得通过统一认证成为管理员或审计员。'],
  [/^to make people, name the claim .*$/, '自动登记人员时，须填写角色声明及其对应关系。'],
  [/^'?(.+?)'? is not an https address$/, '$1 不是 https 地址。'],
  [/^another issuer needs its own client secret: .*$/, '更换颁发者地址时须重新输入客户端密钥。'],
  [/^nothing is locked under this key any more$/, '该锁定已解除。'],
  [/^version \d+ .*$/, '您看到的版本已不是最新。'],
]

export function platformWords(sentence: string): string {
  if (language.value === 'en') return sentence
  for (const [pattern, words] of SENTENCES) {
    if (pattern.test(sentence)) return sentence.replace(pattern, words)
  }
  // A refusal joins the cause and what to do about it: each is a sentence of its own.
  const parts = sentence.split(/(?<=\.)\s+(?=[A-Z])/)
  return parts.length > 1 ? parts.map(platformWords).join('') : sentence
}
