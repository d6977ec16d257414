// The chain in Node, as a user of its http module and of sqlite3 would write it: one program, four roles.
//
//   node chain.js ROLE PORT CALLEE_PORT DATA_FOLDER LEDGER
//
// ROLE is gateway, user-service, order-service or payment-service; the databases are those of a running chain.
'use strict'

const fs = require('node:fs')
const http = require('node:http')
const sqlite3 = require('sqlite3')

const [role, port, callee, folder, ledger] = process.argv.slice(2)
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 10000, scheduling: 'lifo' })

function prepare(service, query) {
  const database = new sqlite3.Database(
    `file:${folder}/${service}.sqlite?immutable=1`, sqlite3.OPEN_READONLY | sqlite3.OPEN_URI)
  const statement = database.prepare(query)
  return (...values) => new Promise((resolve, reject) => {
    statement.all(values, (error, rows) => (error ? reject(error) : resolve(rows)))
  })
}

function get(path) {
  return new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port: callee, path, agent, timeout: 20000 }, (response) => {
      const parts = []
      response.on('data', (part) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const body = Buffer.concat(parts).toString()
        if (response.statusCode === 200) resolve(body)
        else reject(new Error(`the callee answered ${response.statusCode}`))
      })
    })
    request.on('error', reject)
    request.on('timeout', () => request.destroy(new Error('timeout')))
  })
}

/** FNV-1a, 64 bits. */
function checksum(texts) {
  let hash = 0xcbf29ce484222325n
  for (const text of texts) {
    for (let index = 0; index < text.length; index++) {
      hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n)
    }
  }
  return hash
}

const services = {
  gateway() {
    return async (path) => {
      const [, users, username, last] = path.split('/')
      if (users !== 'users' || last !== 'payment-status') return null
      return get(`/users/${username}/payment-status`)
    }
  },

  'user-service'() {
    const find = prepare('user-service', 'SELECT id, username FROM users WHERE username = ?')
    return async (path) => {
      const [, users, username, last] = path.split('/')
      if (users !== 'users' || last !== 'payment-status') return null
      const [user] = await find(decodeURIComponent(username))
      if (!user) return null
      // What the callee answered is JSON already, and not decoded again.
      const orders = await get(`/users/${user.id}/orders/payment-status`)
      return `{"orders":${orders},"user":${JSON.stringify(user)}}`
    }
  },

  'order-service'() {
    const ofUser = prepare(
      'order-service', 'SELECT amount_cents, id, item FROM orders WHERE user_id = ? ORDER BY id')
    return async (path) => {
      const [, users, userID, orders, last] = path.split('/')
      if (users !== 'users' || orders !== 'orders' || last !== 'payment-status') return null
      const found = await ofUser(Number(userID))
      const payments = JSON.parse(await get(`/payments?order_ids=${found.map((order) => order.id).join(',')}`))
      const states = new Map(payments.map((payment) => [payment.order_id, payment.state]))
      return JSON.stringify(found.map((order) => ({ order, payment: states.get(order.id) ?? 'unknown' })))
    }
  },

  'payment-service'() {
    const state = prepare('payment-service', 'SELECT order_id, state FROM payments WHERE order_id = ?')
    const file = fs.openSync(ledger, 'a')
    return async (path, request) => {
      const ids = new URL(path, 'http://localhost').searchParams.get('order_ids')
      const found = (await Promise.all(ids.split(',').map((id) => state(Number(id))))).flat()
      const line = `${request.headers.traceparent ?? ''},${found.length},${checksum(found.map((one) => one.state))}\n`
      await new Promise((resolve, reject) => fs.write(file, line, (error) => (error ? reject(error) : resolve())))
      return JSON.stringify(found)
    }
  },
}

if (!services[role]) throw new Error(`ROLE: found '${role}', expected ${Object.keys(services).join(', ')}`)
const serve = services[role]()
const server = http.createServer((request, response) => {
  serve(request.url, request).then(
    (body) => {
      if (body === null) return response.writeHead(404).end()
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      response.end(body)
    },
    (error) => response.writeHead(502).end(String(error)))
})
server.keepAliveTimeout = 60000
server.listen(Number(port), '127.0.0.1')
