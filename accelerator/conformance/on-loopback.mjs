// Stands before the suite's origin (node --import): it would listen to everybody.

import { Server } from 'node:net'

const listen = Server.prototype.listen
Server.prototype.listen = function (port) {
  return listen.call(this, port, '127.0.0.1')
}
