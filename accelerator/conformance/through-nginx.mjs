// Preloaded into the suite's client (node --import), so that its files stay unchanged: renames paths so that nginx
// looks them up, marks hits as the suite expects, and keeps a list of all responses.

import { writeFileSync } from 'node:fs'
import { register } from 'node:module'

// The release on npm imports node-fetch; node's own fetch does as well.
const standIn = 'data:text/javascript,export default (...asked) => fetch(...asked)'
const hook = `export const resolve = (name, context, next) =>
  name === 'node-fetch' ? { url: '${standIn}', shortCircuit: true } : next(name, context)`
register(`data:text/javascript,${encodeURIComponent(hook)}`)

// Without a key nothing is looked up and nothing stored: the score of doing nothing.
const hasKeys = process.env.KEYS !== 'none'
const pastNginx = [['x-origin-vary', 'vary'], ['x-origin-set-cookie', 'set-cookie']]
const answers = []
const ask = globalThis.fetch

globalThis.fetch = async (url, init = {}) => {
  const test = /^(.*)\/test\/([^?]*)(\?.*)?$/.exec(url)
  if (test === null) return ask(url, init)
  const [, base, path, query = ''] = test
  // Without `cache`, for which node would add request headers that the test does not contain.
  const plain = { ...init, cache: undefined }
  const response = await ask(hasKeys ? `${base}/i/test/${path}.txt${query}` : url, plain)
  const asked = new Headers(init.headers)
  const headers = new Headers(response.headers)
  answers.push({
    test: asked.get('test-id'),
    request: Number(asked.get('req-num')),
    status: response.status,
    isHit: headers.get('x-cache') === 'HIT memcached',
    // The origin writes the number of the request on its response.
    isMarked: headers.get('client-request-count') === asked.get('req-num'),
    notPushed: headers.get('x-not-pushed')
  })
  // nginx writes the headers of a hit, so the suite's mark is missing: the response is of an earlier request.
  if (answers.at(-1).isHit) headers.set('server-request-count', '0')
  for (const [shown, hidden] of pastNginx) {
    if (headers.has(shown)) headers.set(hidden, headers.get(shown))
  }
  Object.defineProperty(response, 'headers', { value: headers })
  return response
}

process.on('exit', () => writeFileSync(process.env.ANSWERS, JSON.stringify(answers)))
