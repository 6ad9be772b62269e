import Foundation
import Support
import Testing

/// A node whose validator's key is in a custody signer, killed at any moment: the signer never has to refuse what it proposes next.
@Suite(.serialized) struct CustodyNodeTests {
    @Test("killed between showing a header to the signer and its being durable, the node proposes the same block again")
    func kills() throws {
        let directory = try TemporaryDirectory()
        let script = """
            cd '\(directory.url.path)'
            trap 'kill -9 $(jobs -p) 2>/dev/null || true' EXIT
            for name in chainspec keys policy; do ln -s '\(ProjectFiles.root.path)'/$name $name; done
            mkdir -m 700 run
            (umask 077; echo "a passphrase for a trial" > vault.passphrase)
            coffer-signer init --vault vault --policy policy/development.yaml --passphrase-file vault.passphrase
            coffer-signer key import validator keys/development/validator-1.key --key-passphrase-file keys/development/passphrase \\
              --vault vault --passphrase-file vault.passphrase
            coffer-signer serve --vault vault --socket run/signer --allow-unlocked-memory 2>signer.log &
            for attempt in $(seq 100); do coffer custody status --socket run/signer >/dev/null 2>&1 && break; sleep 0.1; done
            coffer custody unseal --secret-file vault.passphrase --socket run/signer
            node() {
              cofferd --chainspec chainspec/development.json --data ledger --signer run/signer --listen 127.0.0.1:8422 2>>node.log &
              node=$!
              for attempt in $(seq 100); do curl --silent --fail --output /dev/null http://127.0.0.1:8422/readyz && return; sleep 0.1; done
              cat node.log; exit 1
            }
            issue() {
              coffer issue --bank first-bank --to first-bank --asset EUR --amount 1.00 --key keys/development/first-bank.key \\
                --passphrase-file keys/development/passphrase --node http://127.0.0.1:8422 --wait
            }
            for round in $(seq 12); do
              node
              for number in 1 2 3; do issue >/dev/null 2>&1 & waiting="$!"; done
              sleep "0.$((RANDOM % 5))$((RANDOM % 10))"
              kill -9 $node; wait $node 2>/dev/null || true
              wait $waiting 2>/dev/null || true
            done
            node
            issue
            coffer export --out export --node http://127.0.0.1:8422
            kill $node; wait $node || true
            coffer custody log --out signing.log --socket run/signer
            coffer-verify chain export --chainspec chainspec/development.json
            coffer-verify signing-log signing.log --chainspec chainspec/development.json --export export
            if grep --quiet 'other-header' signer.log; then cat signer.log; exit 1; fi
            """
        let path = "\(BuiltProgram.url("").path):/usr/bin:/bin"
        let outcome = try BuiltProgram.run("/bin/bash", ["-euo", "pipefail", "-c", script], environment: ["PATH": path])
        #expect(outcome.exitCode == 0, "\(outcome.output)\n\(outcome.errors)")
        #expect(outcome.output.contains("HOLDS: every signature is explained"))
    }
}
