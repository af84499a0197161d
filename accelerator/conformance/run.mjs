// One run of the suite: its results, its responses, and which responses were reused.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Whether the suite wants a request to reach the origin: it says so by the type that it expects (all but
 * `cached`), by the number of the request that the answer must carry, or by forbidding the mark of a stored one.
 */
function mustReachTheOrigin (request, number) {
  if (request.expected_type !== undefined) return request.expected_type !== 'cached'
  const counts = (request.expected_response_headers ?? [])
    .some(([name, value]) => name === 'client-request-count' && value === String(number))
  const unmarked = (request.expected_response_headers_missing ?? []).includes('server-request-count')
  return counts || unmarked
}

/** Whether an answer was made before it was asked for: a hit by its own words, or without the origin's mark. */
const isOld = answer => answer.isHit || (!answer.isMarked && answer.status < 500)

export function read (folder) {
  const file = name => readFileSync(join(folder, name), 'utf8')
  const results = JSON.parse(file('results.json'))
  const answers = JSON.parse(file('answers.json'))
  const byRequest = new Map(answers.map(answer => [`${answer.test} ${answer.request}`, answer]))
  const answersTo = test => test.requests.map((_, index) => byRequest.get(`${test.id} ${index + 1}`))
  const notPushed = new Map()
  for (const { notPushed: reason } of answers) {
    if (reason) notPushed.set(reason, (notPushed.get(reason) ?? 0) + 1)
  }
  return {
    results,
    answers: answers.length,
    hits: answers.filter(answer => answer.isHit).length,
    hitsOfMemcached: Number(file('hits')),
    notPushed: [...notPushed].sort(([, a], [, b]) => b - a),
    message: test => results[test.id]?.[1] ?? '',
    statuses: test => answersTo(test).map(answer => answer?.status ?? 'none'),
    hasHit: test => answersTo(test).some(answer => answer?.isHit),
    /** An answer made before came for a request that must reach the origin; whatever else the test says. */
    wasReused: test => answersTo(test).some((answer, index) =>
      answer !== undefined && isOld(answer) && mustReachTheOrigin(test.requests[index], index + 1))
  }
}
