import type { Problem } from '@/api/answer'

/** The diagnosis a person can paste into a message to an engineer. */
export function diagnosis(problem: Problem): string {
  return [
    `fengtai console`,
    `at: ${problem.at}`,
    `asked: ${problem.asked}`,
    `status: ${problem.status} ${problem.kind}`,
    `title: ${problem.title}`,
    `detail: ${problem.detail}`,
    problem.field ? `field: ${problem.field}` : '',
    `page: ${location.pathname}`,
    `browser: ${navigator.userAgent}`,
  ]
    .filter(Boolean)
    .join('\n')
}
