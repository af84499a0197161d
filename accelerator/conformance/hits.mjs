// Prints how many lookups a memcached answered with an item: node hits.mjs ADDRESS:PORT

import { connect } from 'node:net'

const [host, port] = process.argv[2].split(':')
const socket = connect(port, host, () => socket.write('stats\r\nquit\r\n'))
let text = ''
socket.setEncoding('utf8')
socket.on('data', more => { text += more })
socket.on('end', () => console.log(/^STAT get_hits (\d+)/m.exec(text)[1]))
