import t from 'tap'
import { TokenBucket } from '../../lib/socket/token-bucket.js'

t.test('refills steadily, never above the burst', async t => {
  const bucket = new TokenBucket(20, 40, 1000)
  for (let n = 0; n < 40; n++) t.equal(bucket.take(1, 1000), 0)
  t.equal(bucket.take(1, 1000), 50, 'a token every 50 ms')
  t.equal(bucket.take(1, 1049), 1)
  t.equal(bucket.take(1, 1050), 0)
  t.equal(bucket.take(1, 500), 50, 'a clock that steps back refills nothing')
  t.equal(bucket.take(40, 1e9), 0, 'never more than the burst is saved up')
  t.ok(bucket.take(1, 1e9) > 0)
})

t.test('a refused take takes nothing, and who waits as long as told gets it', async t => {
  const bucket = new TokenBucket(3, 10, 0)
  t.equal(bucket.take(9.5, 0), 0)
  for (let n = 0; n < 5; n++) t.equal(bucket.take(10, 0), 3167)
  t.ok(bucket.take(10, 3166) > 0)
  t.equal(bucket.take(10, 3167), 0)
})

t.test('what is given back can be taken again, and no more than the burst', async t => {
  const bucket = new TokenBucket(1, 10, 0)
  t.equal(bucket.take(10, 0), 0)
  bucket.giveBack(4)
  t.equal(bucket.take(4, 0), 0)
  t.ok(bucket.take(1, 0) > 0)
  bucket.giveBack(100)
  t.equal(bucket.take(10, 0), 0)
  t.ok(bucket.take(1, 0) > 0)
})

t.test('debt: what has been taken already is paid for later', async t => {
  const bucket = new TokenBucket(1000, 10, 0)
  t.equal(bucket.spend(10, 0), 0)
  t.equal(bucket.spend(500, 0), 500)
  t.equal(bucket.spend(0, 499), 1)
  t.equal(bucket.spend(0, 500), 0)
})
