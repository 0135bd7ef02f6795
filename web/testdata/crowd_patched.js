// Uses a Crowd server through the npm package atlassian-crowd-patched and prints
// what it understood, as JSON. Arguments: the folder of the packages, base URL,
// application, password, service account, its password. The package keeps its
// settings in a global variable, so one process is for one application.
'use strict';

const [packages, base, name, password, account, accountPassword] = process.argv.slice(2);
const Crowd = require(packages + '/atlassian-crowd-patched');
const { promisify } = require('util');

const crowd = new Crowd({ crowd: { base }, application: { name, password } });
const ask = (of, what, ...args) => promisify(of[what].bind(of))(...args);
const refusal = (promise) => promise.then(() => 'done', (err) => err.type);

async function main() {
  const said = {};
  said.cookie = (await ask(crowd, 'ping')).name;
  said.found = (await ask(crowd, 'search', 'user', 'email = "*example.com" and active = true')).users.map((u) => u.name);
  said.foundGroups = (await ask(crowd, 'search', 'group', 'name = "jira*"')).groups.map((g) => g.name);
  const user = await ask(crowd.user, 'find', 'ana');
  said.user = [user.name, user['display-name'], user.email, user.active];
  said.group = (await ask(crowd.groups, 'find', 'jira-administrators')).description;
  said.active = await ask(crowd.groups, 'active', 'jira-administrators');
  said.direct = await ask(crowd.groups, 'directmembers', 'jira-administrators');
  said.nested = await ask(crowd.groups, 'nestedmembers', 'jira-administrators');

  const token = await ask(crowd.session, 'create', account, accountPassword, '10.0.0.9');
  said.sessionUser = (await ask(crowd.session, 'find', token)).user.name;
  said.validated = (await ask(crowd.session, 'authenticate', token, '10.0.0.9')).token === token;
  said.otherBrowser = await refusal(ask(crowd.session, 'authenticate', token, '10.0.0.10'));
  said.destroyed = await ask(crowd.session, 'destroy', token);
  said.ended = await refusal(ask(crowd.session, 'find', token));

  said.refusals = {
    absentUser: await refusal(ask(crowd.user, 'find', 'nobody')),
    absentGroup: await refusal(ask(crowd.groups, 'find', 'nothing')),
    query: await refusal(ask(crowd, 'search', 'user', 'shoe = 9')),
    password: await refusal(ask(crowd.session, 'create', 'ana', 'secret')),
    inactive: await refusal(ask(crowd.session, 'create', 'bob', 'secret')),
    remove: await refusal(ask(crowd.user, 'remove', 'ana')),
    addToGroup: await refusal(ask(crowd.groups, 'addmember', 'bob', 'jira-administrators')),
  };
  console.log(JSON.stringify(said));
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
