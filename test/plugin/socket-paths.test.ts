import t from 'tap'
import { SocketPaths } from '../../lib/plugin/socket-paths.js'

t.test('a target that is a path of a WebSocket route, and has something to hide', async t => {
  const paths = new SocketPaths(() => ['/c/:id', '/files/*', '/a/:x-:y/b', '/o/:id?', '/n/:id(^\\d+$)/', '/dots.v1'])
  for (const target of [
    '/c/1?token=x', '/c/1#token=x', '/c/1;token=x', '/c/1/?token=x', '/C/1?token=x', '//c//1?token=x', '/%63/1?token=x', '/c/%zz?token=x',
    'http://host/c/1?token=x', '//user:secret@host/c/1', 'ws://user:secret@host/c/1?x', '/files/a/b/c?token=x', '/a/1-2/b?x', '/o?x', '/o/1?x', '/n/1?x', '/dots.v1?x',
  ]) t.ok(paths.hides(target), target)
  for (const target of ['/c/1', '/c/1/2?token=x', '/other?x', '/?x', '?x', '*', '', '/a/b?x', '/dotsXv1?x', 'http://user:secret@host/other']) t.notOk(paths.hides(target), target)
  t.notOk(new SocketPaths(() => []).hides('/c/1?token=x'))
})
