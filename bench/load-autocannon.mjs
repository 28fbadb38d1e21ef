/** `node load-autocannon.mjs <url> <seconds> <connections> <seconds of warm-up>`: what autocannon finds and what it costs, after a warm-up. */
import autocannon from 'autocannon';

const [, , url, seconds, connections, warmUp] = process.argv;
const order = { url, connections: Number(connections), timeout: 10 };
await autocannon({ ...order, duration: Number(warmUp) });
const before = process.cpuUsage();
const { latency, requests } = await autocannon({ ...order, duration: Number(seconds) });
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ p99: latency.p99, requests: requests.total, cpuSeconds: (user + system) / 1e6 }));
