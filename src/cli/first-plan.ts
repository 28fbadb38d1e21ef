/** The plan that `savepoint init` writes: it validates as it is, and each line says what to change. */
export function firstPlan(application: string): string {
  return `# How ${application} is released. \`savepoint validate\` checks it, \`savepoint plan\` shows what it does.
# References such as \${env:NAME} and \${file:path} are resolved where they are used; never write a secret here.
application: ${application}
environment: production

# Evidence of every release is kept here; nothing in it is ever removed.
records: ./records

people:
  product-owner: { name: Product owner } # contact: how to reach them
  deployment-lead: { name: Deployment lead }

# Nothing is changed before somebody says go.
gates:
  go-no-go: { deciders: [product-owner], deadline: 24h, remindEvery: 1h }

# Who answers when something fails.
questions: { deciders: [deployment-lead], deadline: 30m, remindEvery: 5m }

# window: { days: [saturday], from: "02:00", to: "06:00", timezone: America/New_York }

# Changed in this order, restored in the reverse order. \${version} is the version that is released.
targets:
  database:
    kind: postgres
    url: \${env:ADMIN_DATABASE_URL} # may create, rename and copy databases
    writers: [backend]
    savepoint: { by: template, maxHold: 10s } # or { by: dump }
    migrate: { directory: "./versions/\${version}/migrations" } # or { command: [npm, run, migrate] }
    compatibility: backward # the previous code runs on the new schema; else forward, both or breaking

  backend:
    kind: process
    root: ./run/backend
    source: "./versions/\${version}/backend"
    run: [node, server.mjs]
    env: { DATABASE_URL: "\${env:DATABASE_URL}" } # a role of its own, no superuser, so that it can be kept out
    ports: [4001, 4002] # two ports: the previous version stays ready
    health: { path: /health, timeout: 15s }

  frontend:
    kind: site
    root: ./run/www # a web server serves ./run/www/current
    source: "./versions/\${version}/frontend"

# Asked of the running application afterwards; a critical one that fails goes back by itself.
smoke:
  - name: the shop answers
    kind: http
    url: http://127.0.0.1:8080/
    expect: { status: 200 }
    repeatable: true

# How long the release is watched and can still go back by itself.
# watch: { schedule: [ { every: 15m, for: 4h } ], probe: { url: "http://127.0.0.1:8080/", every: 10s }, criteria: { errors: { rollBack: 5 % } } }

# What no restore brings back; printed beside every loss.
outside: [mails that were sent]
`;
}
