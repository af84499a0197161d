// Prints a port of loopback that is free.

import { createServer } from 'node:net'

const server = createServer()
server.listen(0, '127.0.0.1', () => {
  console.log(server.address().port)
  server.close()
})
