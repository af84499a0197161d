// Preloaded into the suite's origin (node --import), which would listen on all interfaces.

import { Server } from 'node:net'

const listen = Server.prototype.listen
Server.prototype.listen = function (port) {
  return listen.call(this, port, '127.0.0.1')
}
