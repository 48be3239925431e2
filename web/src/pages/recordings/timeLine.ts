/** The arithmetic of the time line: what is in view, what a pointer points at, which marks are written. */
export interface View {
  fromMs: number
  untilMs: number
}

const LEAST_VIEW_MS = 2000
const STEPS_MS = [100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000]
const MOST_MARKS = 8

/** `at` is the share of the view (0 to 1) that stays under the pointer. */
export function zoomed(view: View, whole: View, factor: number, at: number): View {
  const span = view.untilMs - view.fromMs
  const wanted = Math.min(Math.max(span * factor, LEAST_VIEW_MS), whole.untilMs - whole.fromMs)
  return within({ fromMs: view.fromMs + (span - wanted) * at, untilMs: view.fromMs + (span - wanted) * at + wanted }, whole)
}

export function within(view: View, whole: View): View {
  const span = Math.min(view.untilMs - view.fromMs, whole.untilMs - whole.fromMs)
  const fromMs = Math.min(Math.max(view.fromMs, whole.fromMs), whole.untilMs - span)
  return { fromMs, untilMs: fromMs + span }
}

/** Round moments for marks: few enough to be read, on whole steps of the site's clock. */
export function marks(view: View, offsetMs: number): number[] {
  const span = view.untilMs - view.fromMs
  const step = STEPS_MS.find((one) => span / one <= MOST_MARKS) ?? 14_400_000
  const first = Math.ceil((view.fromMs + offsetMs) / step) * step - offsetMs
  return Array.from({ length: Math.max(0, Math.floor((view.untilMs - first) / step) + 1) }, (_, index) => first + index * step)
}
