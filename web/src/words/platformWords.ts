/**
 * The platform's own sentences (causes, remedies, rules) are English; here they are said in Chinese, as far as they are
 * known. A sentence that is not known is shown as it came: a reason in the wrong language is better than none.
 */
import { language } from './index'

const SENTENCES: readonly [RegExp, string][] = [
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
  // refusals that an operator meets
  [/^Name or password is wrong\.?$/i, '用户名或口令不正确。'],
  [/^version \d+ .*$/, '您看到的版本已不是最新。'],
]

export function platformWords(sentence: string): string {
  if (language.value === 'en') return sentence
  for (const [pattern, words] of SENTENCES) {
    if (pattern.test(sentence)) return sentence.replace(pattern, words)
  }
  return sentence
}
