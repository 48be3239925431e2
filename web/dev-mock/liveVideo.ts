/** Sends a fragmented MP4 as an endless live stream by the platform's WebSocket protocol. */
import { readFileSync } from 'node:fs'
import { WebSocketServer } from 'ws'

interface Box { type: string; at: number; size: number }

function boxes(data: Buffer, from = 0, until = data.length): Box[] {
  const found: Box[] = []
  for (let at = from; at + 8 <= until; ) {
    const size = data.readUInt32BE(at)
    if (size < 8) break
    found.push({ type: data.toString('latin1', at + 4, at + 8), at, size })
    at += size
  }
  return found
}

const inside = (data: Buffer, box: Box, type: string) => boxes(data, box.at + 8, box.at + box.size).find((one) => one.type === type)

/** The place of the decode time of a moof: written over for each round. */
function timePlace(data: Buffer, moof: Box): { at: number; wide: boolean } | undefined {
  const traf = inside(data, moof, 'traf')
  const tfdt = traf && inside(data, traf, 'tfdt')
  return tfdt && { at: tfdt.at + 12, wide: data[tfdt.at + 8] === 1 }
}

export function serveLive(file: string): Promise<number> {
  const data = readFileSync(file)
  const top = boxes(data)
  const moov = top.find((box) => box.type === 'moov')
  if (!moov) throw new Error(`${file} is not a fragmented MP4`)
  const head = data.subarray(0, moov.at + moov.size)
  const avcC = head.indexOf('avcC')
  const codec = `avc1.${head.subarray(avcC + 5, avcC + 8).toString('hex')}`
  const timescaleAt = head.indexOf('mdhd')
  const timescale = head.readUInt32BE(timescaleAt + (head[timescaleAt + 4] === 1 ? 24 : 16))
  const fragments = top.flatMap((box, index) => {
    const mdat = top[index + 1]
    const place = box.type === 'moof' ? timePlace(data, box) : undefined
    if (!place || !mdat) return []
    const bytes = Buffer.from(data.subarray(box.at, mdat.at + mdat.size))
    const at = place.at - box.at
    return [{ bytes, at, wide: place.wide, time: place.wide ? Number(bytes.readBigUInt64BE(at)) : bytes.readUInt32BE(at) }]
  })
  const length = (fragments.at(-1)?.time ?? 0) + ((fragments.at(-1)?.time ?? 0) - (fragments.at(-2)?.time ?? 0))
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket) => {
    socket.send(JSON.stringify({ type: 'hello', codec, width: 1280, height: 720 }))
    socket.send(head)
    let [index, round] = [0, 0]
    const started = Date.now()
    const timer = setInterval(() => {
      const fragment = fragments[index]
      if (!fragment) return
      const time = fragment.time + round * length
      if (time / timescale > (Date.now() - started) / 1000 + 0.3) return
      const bytes = Buffer.from(fragment.bytes)
      if (fragment.wide) bytes.writeBigUInt64BE(BigInt(time), fragment.at)
      else bytes.writeUInt32BE(time, fragment.at)
      socket.send(bytes)
      index += 1
      if (index === fragments.length) [index, round] = [0, round + 1]
    }, 20)
    socket.on('close', () => clearInterval(timer))
  })
  return new Promise((resolve) => server.on('listening', () => resolve((server.address() as { port: number }).port)))
}
