// Loaded before llrpjs's dummy reader, which has its port written in: it listens where $PORT says, and
// the first line on standard output is the port.
const net = require('net');
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function () {
  this.once('listening', () => console.log(this.address().port));
  return listen.call(this, Number(process.env.PORT), '127.0.0.1');
};
