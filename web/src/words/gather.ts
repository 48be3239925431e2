/** Joins the messages files of all rooms: `pages/alarms/messages.en.json` becomes the namespace `alarms`. */
export function gather(files: Record<string, unknown>): Record<string, unknown> {
  const joined: Record<string, unknown> = {}
  for (const [file, messages] of Object.entries(files)) {
    const room = file.split('/').at(-2)
    joined[room === undefined || room === '.' ? 'words' : room] = messages
  }
  return joined
}
