/** A point that is dragged from a list to a pane, or from pane to pane. */
interface Carried {
  id: string
  number: number
  name: string
}
const KIND = 'application/x-fengtai-point'

export const carried = {
  begin(event: DragEvent, { id, number, name }: Carried): void {
    event.dataTransfer?.setData(KIND, JSON.stringify({ id, number, name }))
    event.dataTransfer?.setData('text/plain', `${number} ${name}`)
  },
  isOver: (event: DragEvent): boolean => event.dataTransfer?.types.includes(KIND) ?? false,
  /** null when something else was dropped */
  dropped(event: DragEvent): Carried | null {
    const text = event.dataTransfer?.getData(KIND)
    if (!text) return null
    const { id, number, name } = JSON.parse(text) as Partial<Carried>
    return typeof id === 'string' && typeof number === 'number' && typeof name === 'string' ? { id, number, name } : null
  },
}
