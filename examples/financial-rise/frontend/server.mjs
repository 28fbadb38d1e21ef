// The frontend: one page that was built with the addresses of its environment.
import { createServer } from 'node:http';

const { PORT = '3000', VERSION = 'v0.0.0', VITE_API_URL = '/v1', VITE_APP_URL = '/' } = process.env;

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Financial RISE</title>
    <link rel="icon" href="data:,">
    <link rel="canonical" href="${VITE_APP_URL}">
  </head>
  <body>
    <h1>Financial RISE</h1>
    <p>Version <span id="version">${VERSION}</span></p>
    <a href="${VITE_API_URL}/questions">Questions</a>
  </body>
</html>
`;

const answers = {
  '/': ['text/html', page],
  '/health': ['application/json', JSON.stringify({ status: 'healthy' })],
  '/version': ['application/json', JSON.stringify({ version: VERSION })],
};

const server = createServer((request, response) => {
  const [type, body] = answers[request.url ?? '/'] ?? ['text/plain', 'there is nothing here'];
  response.writeHead(answers[request.url ?? '/'] === undefined ? 404 : 200, { 'content-type': type });
  response.end(body);
});
server.listen(Number(PORT), process.env.HOST ?? '0.0.0.0', () => console.log(`Server started on port ${PORT}`));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
