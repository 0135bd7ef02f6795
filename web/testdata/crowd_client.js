// Uses a Crowd server through the npm package atlassian-crowd-client and prints
// what it understood, as JSON. Arguments: the folder of the packages, base URL,
// application, password.
'use strict';

const [packages, baseUrl, name, password] = process.argv.slice(2);
const Client = require(packages + '/atlassian-crowd-client');
const ValidationFactors = require(packages + '/atlassian-crowd-client/lib/models/validation-factors');

const crowd = new Client({ baseUrl, application: { name, password } });
const refusal = (promise) => promise.then(() => 'done', (err) => err.type);

async function main() {
  const said = {};
  said.cookie = await crowd.config.cookie();
  said.user = await crowd.user.get('ana');
  said.attributes = (await crowd.user.get('ana', true)).attributes;
  said.userAttributes = await crowd.user.attributes.list('ana');
  said.left = (await crowd.user.get('bob')).active;
  said.groupsOfUser = await crowd.user.groups.list('ana');
  said.nestedGroups = await crowd.user.groups.list('ana', true);
  said.inGroup = await crowd.user.groups.get('ana', 'jira users');
  said.group = await crowd.group.get('jira-administrators');
  said.users = await crowd.group.users.list('Jira Users');
  said.wholeUsers = (await crowd.group.users.list('Jira Users', true, 0, 10, true)).map((u) => u.email);
  said.isMember = await crowd.group.users.get('Jira Users', 'BOB');
  said.parents = await crowd.group.parents.list('Jira Users');
  said.children = await crowd.group.children.list('Jira Users');
  said.memberships = await crowd.group.membership();
  said.found = await crowd.search.user('email = "*example.com" and active = true');
  said.foundGroups = (await crowd.search.group('name = "jira*"', true)).map((g) => g.description);

  const factors = new ValidationFactors({ remote_address: '10.0.0.9' });
  const session = await crowd.session.createUnvalidated('ana', factors);
  said.sessionSeconds = (session.expiresAt - session.createdAt) / 1000;
  said.validated = (await crowd.session.validate(session.token, factors)).token === session.token;
  said.sessionUser = (await crowd.session.getUser(session.token)).displayname;
  await crowd.session.remove(session.token);

  said.refusals = {
    absentUser: await refusal(crowd.user.get('nobody')),
    absentGroup: await refusal(crowd.group.get('nothing')),
    notMember: await refusal(crowd.user.groups.get('bob', 'jira-administrators')),
    password: await refusal(crowd.authentication.authenticate('ana', 'secret')),
    inactive: await refusal(crowd.authentication.authenticate('bob', 'secret')),
    passwordSession: await refusal(crowd.session.create('ana', 'secret')),
    ended: await refusal(crowd.session.getUser(session.token)),
    query: await refusal(crowd.search.user('shoe = 9')),
    remove: await refusal(crowd.user.remove('ana')),
    addToGroup: await refusal(crowd.user.groups.add('bob', 'jira-administrators')),
    wrongPassword: await refusal(new Client({ baseUrl, application: { name, password: 'wrong' } }).config.cookie()),
  };
  console.log(JSON.stringify(said));
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
