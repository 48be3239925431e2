/**
 * The one place that speaks HTTP to the platform. Owns: headers, refusals as values, the platform's clock.
 * Must not know: what any answer means.
 */
import type { Answer, Problem, ProblemKind } from './answer'
import { ok } from './answer'

const PATIENCE_MS = 15_000
type Query = Record<string, string | number | boolean | readonly (string | number)[] | null | undefined>

const KIND_OF_STATUS: Record<number, ProblemKind> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  422: 'invalid',
  429: 'too-many',
}

interface Ears {
  /** somebody must know that the session is over */
  signedOut: () => void
  /** the platform's moment, from the Date header: ages are counted by its clock, not by this machine's */
  serverDate: (ms: number) => void
}

const ears: Ears = { signedOut: () => {}, serverDate: () => {} }
export function listen(to: Partial<Ears>): void {
  Object.assign(ears, to)
}

export function path(template: string, query: Query = {}): string {
  const parts = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  if (parts.length === 0) return template
  const pairs = parts.flatMap(([key, value]) => (Array.isArray(value) ? value : [value]).map((one) => [key, String(one)]))
  return pairs.length ? `${template}?${new URLSearchParams(pairs).toString()}` : template
}

export function unreachable(asked: string, detail: string): Problem {
  const at = new Date().toISOString()
  return { type: 'about:blank', title: '', status: 0, detail, kind: 'unreachable', asked, at }
}

async function problemOf(response: Response, asked: string): Promise<Problem> {
  const kind = KIND_OF_STATUS[response.status] ?? 'unavailable'
  const plain: Problem = { ...unreachable(asked, ''), status: response.status, title: response.statusText, kind }
  try {
    const said = (await response.json()) as Partial<Problem>
    return { ...plain, ...said, kind: said.kind ?? kind, asked, at: plain.at }
  } catch {
    return plain
  }
}

async function ask<Value>(method: string, url: string, body?: unknown): Promise<Answer<Value>> {
  const asked = `${method} ${url.split('?')[0]}`
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET') headers['X-Fengtai'] = '1'
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  let response: Response
  try {
    response = await fetch(url, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      credentials: 'same-origin',
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
  } catch (error) {
    return { status: 'refused', problem: unreachable(asked, error instanceof Error ? error.message : String(error)) }
  }
  const date = Date.parse(response.headers.get('date') ?? '')
  if (!Number.isNaN(date)) ears.serverDate(date)
  if (!response.ok) {
    if (response.status === 401 && !url.startsWith('/api/session')) ears.signedOut()
    return { status: 'refused', problem: await problemOf(response, asked) }
  }
  if (response.status === 204) return ok(undefined as Value)
  try {
    const text = await response.text()
    return ok((text === '' ? undefined : JSON.parse(text)) as Value)
  } catch (error) {
    return { status: 'refused', problem: unreachable(asked, String(error)) }
  }
}

export const get = <Value>(url: string, query?: Query) => ask<Value>('GET', path(url, query))
export const post = <Value>(url: string, body: unknown = {}) => ask<Value>('POST', url, body)
export const put = <Value>(url: string, body: unknown) => ask<Value>('PUT', url, body)
export const remove = <Value>(url: string) => ask<Value>('DELETE', url)

/** The page that the platform serves now, as text; undefined while it serves none. */
export async function servedPage(): Promise<string | undefined> {
  try {
    const answer = await fetch('/', { headers: { Accept: 'text/html' }, cache: 'no-cache', signal: AbortSignal.timeout(PATIENCE_MS) })
    return answer.ok ? await answer.text() : undefined
  } catch {
    return undefined // that the server is away is said elsewhere; when it is back, this is asked again
  }
}
