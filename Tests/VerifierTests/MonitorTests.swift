import Foundation
import Testing
import Verifier

struct MonitorTests {
    /// A queue that several threads fill and several empty: every item arrives once, and nobody sleeps through a change.
    @Test(arguments: [(1, 1), (1, 4), (4, 1), (4, 4)])
    func everyItemArrivesOnce(producers: Int, consumers: Int) {
        let count = 4_000
        let items = Monitor<[Int]>([])
        let received = Monitor<[Int]>([])
        let receivers = (0..<consumers).map { number in
            WorkerThread(name: "consume-\(number)") {
                while true {
                    let item = items.wait { $0.isEmpty ? nil : $0.removeFirst() }
                    if item < 0 { return }
                    received.withLock { $0.append(item) }
                }
            }
        }
        let senders = (0..<producers).map { number in
            WorkerThread(name: "produce-\(number)") {
                for item in stride(from: number, to: count, by: producers) { items.withLock { $0.append(item) } }
            }
        }
        for sender in senders { sender.join() }
        items.withLock { $0 += [Int](repeating: -1, count: consumers) }
        for receiver in receivers { receiver.join() }
        #expect(received.withLock { $0.sorted() } == Array(0..<count))
        #expect(items.withLock { $0.isEmpty })
    }

    /// Threads hand a token around: each waits for its own number, so one lost wake-up would end the round.
    @Test func aChangeWakesEveryoneWhoWaits() {
        let rounds = 300
        let turn = Monitor(0)
        let threads = (0..<5).map { number in
            WorkerThread(name: "turn-\(number)") {
                for round in 0..<rounds {
                    // The waiting closure itself makes the change that the next thread waits for.
                    turn.wait { (turn: inout Int) -> Void? in
                        guard turn == round * 5 + number else { return nil }
                        turn += 1
                        return ()
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(turn.withLock { $0 } == rounds * 5)
    }

    @Test func aTimedWaitEndsWithoutAChange() {
        let monitor = Monitor(0)
        let start = ContinuousClock.now
        let result: Bool? = monitor.wait(atMostSeconds: 0.02) { $0 > 0 ? true : nil }
        #expect(result == nil)
        #expect(ContinuousClock.now - start >= .milliseconds(20))
    }

    @Test func aTimedWaitSeesAChange() {
        let monitor = Monitor(0)
        let thread = WorkerThread(name: "change") { monitor.withLock { $0 = 7 } }
        let seen = monitor.wait(atMostSeconds: 600) { $0 == 7 ? $0 : nil }
        #expect(seen == 7)
        thread.join()
    }

    /// A timed wait may change the value too, and then wakes those who wait for that.
    @Test func aTimedWaitHandsOn() {
        let monitor = Monitor(1)
        let thread = WorkerThread(name: "wait") { monitor.wait { $0 == 2 ? () : nil } }
        let changed: Bool? = monitor.wait(atMostSeconds: 600) { value in
            guard value == 1 else { return nil }
            value = 2
            return true
        }
        #expect(changed == true)
        thread.join()
    }

    /// Operators see the names in `top -H`.
    @Test func aThreadHasItsNameInTheSystem() throws {
        let name = Monitor("")
        let thread = WorkerThread(name: "verify-255") {
            do {
                let text = try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
                name.withLock { $0 = text }
            } catch {
                name.withLock { $0 = "\(error)" }
            }
        }
        thread.join()
        #expect(name.withLock { $0 } == "verify-255\n")
    }

    @Test func joiningTwiceReturnsTwice() {
        let ran = Monitor(0)
        let thread = WorkerThread(name: "once") { ran.withLock { $0 += 1 } }
        thread.join()
        thread.join()
        #expect(ran.withLock { $0 } == 1)
    }
}
