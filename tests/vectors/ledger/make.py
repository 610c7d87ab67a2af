#!/usr/bin/env python3
"""Makes the ledger in this folder with stock tools only: openssl for keys, certificates and signatures, Python's hashlib
for hashes. It follows core/FORMAT.md and audit/FORMAT.md and uses none of Cairn's code, so that what the tests read here
was written by somebody else. Run it in an empty folder; each run draws new keys."""
import base64, hashlib, os, subprocess

HALF = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8
ORIGIN = 'cairn.example/north'


def run(*args, stdin=None):
    return subprocess.run(args, input=stdin, check=True, capture_output=True).stdout


def sha(b):
    return hashlib.sha256(b).digest()


def b64(b):
    return base64.b64encode(b).decode()


def mth(leaves):
    if len(leaves) == 1:
        return sha(b'\0' + leaves[0])
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha(b'\1' + mth(leaves[:k]) + mth(leaves[k:]))


class Key:
    def __init__(self, name):
        self.file = name + '.key'
        run('openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', self.file)
        self.spki = run('openssl', 'pkey', '-in', self.file, '-pubout', '-outform', 'DER')
        self.id = sha(self.spki).hex()

    def sign(self, message):
        """OpenSSL draws s at random; half of the time it is low."""
        while True:
            der = run('openssl', 'dgst', '-sha256', '-sign', self.file, stdin=message)
            if int.from_bytes(der[6 + der[3]:], 'big') <= HALF:
                return der


CONFIG = '''[ca]
default_ca = it
[it]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
[person]
keyUsage = critical, digitalSignature
[replica]
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
'''


def certify(subject, key, extensions, authority=None):
    open('ca.cnf', 'w').write(CONFIG)
    open('index.txt', 'w').close()
    if not os.path.exists('serial'):
        open('serial', 'w').write('1001\n')
    run('openssl', 'req', '-new', '-key', key.file, '-subj', '/CN=' + subject, '-out', 'request.pem')
    issuer = ['-selfsign', '-keyfile', key.file] if authority is None else [
        '-cert', 'authority.pem', '-keyfile', authority.file]
    out = 'authority.pem' if authority is None else 'issued.pem'
    run('openssl', 'ca', '-batch', '-notext', '-config', 'ca.cnf', '-extensions', extensions, '-in', 'request.pem',
        '-out', out, '-startdate', '20261101000000Z', '-enddate', '20311101000000Z', *issuer)
    return run('openssl', 'x509', '-in', out, '-outform', 'DER')


def header(kind, key, at, lines=(), audience='case'):
    salt = sha((kind + at).encode())[:16]  # fixed here; a real one is random
    content = sha(b'cairn content 1\n' + salt + b'{}').hex()
    text = ['cairn entry 1', 'kind ' + kind, 'by ' + key.id, 'at ' + at, *lines, 'audience ' + audience,
            'media application/json', 'content ' + content]
    return ('\n'.join(text) + '\n').encode()


class Ledger:
    def __init__(self):
        self.leaves, self.chains, self.admitted = [], {}, None

    def position(self, replica, act):
        number, previous = self.chains.get(replica.id, (0, '0' * 64))
        text = f'cairn position 1\nreplica {replica.id}\nnumber {number + 1}\nprevious {previous}\nact {act}\n'.encode()
        self.chains[replica.id] = (number + 1, sha(text).hex())
        return number + 1, previous, text

    def act(self, key, replica, admitted, headers, head=False):
        text = f'cairn act 1\nby {key.id}\nsize {len(headers)}\nroot {mth(headers).hex()}\n'.encode()
        act = sha(text).hex()
        number, previous, position = self.position(replica, act)
        for i, h in enumerate(headers):
            leaf = f'cairn leaf 1\nnumber {len(self.leaves) + 1}\nadmitted {admitted}\nact {act} {i} {len(headers)}\n'
            if i == 0:
                leaf += f'signature {b64(key.sign(text))}\nposition {replica.id} {number} {previous}\n'
                leaf += f'head {b64(replica.sign(position))}\n' if head else ''
            self.leaves.append(leaf.encode() + h)
        self.admitted = admitted

    def checkpoint(self, key):
        text = f'{ORIGIN}\n{len(self.leaves)}\n{b64(mth(self.leaves))}\ntime {self.admitted}\n'.encode()
        blob = sha(key.spki)[:4] + key.sign(text)
        return text + b'\n' + f'— {ORIGIN} {b64(blob)}\n'.encode()


def main():
    authority, operating, ledger, person, replica = map(Key, ('authority', 'operating', 'ledger', 'person', 'replica'))
    ca = certify('cairn.example', authority, 'authority')
    log = Ledger()
    at = '2026-11-21T09:59:30Z'
    node = lambda when, headers: log.act(operating, operating, when, headers)
    node('2026-11-21T10:00:00Z', [header('log.open', operating, at, [
        'key ledger ' + b64(ledger.spki), 'key operating ' + b64(operating.spki), 'cert ' + b64(ca),
        'fact origin ' + ORIGIN], 'directory')])
    agency = header('agency.add', operating, at, ['fact type social-work'], 'directory')
    a = sha(agency).hex()
    invitation = header('invite.person', operating, at, [
        'ref agency ' + a, 'fact role chair', 'fact secret ' + sha(b'sixteen bytes ..').hex(),
        'fact until 2026-11-28T10:00:00Z'], 'directory')
    h1 = header('person.add', operating, at, [
        'key sign ' + b64(person.spki), 'ref agency ' + a, 'ref invitation ' + sha(invitation).hex()], 'directory')
    h2 = header('replica.add', operating, at, ['key replica ' + b64(replica.spki), 'ref agency ' + a], 'directory')
    p, r = sha(h1).hex(), sha(h2).hex()
    role = header('role.give', operating, at, ['ref person ' + p, 'fact from 2026-11-21', 'fact role chair'], 'directory')
    node('2026-11-21T10:00:01Z', [agency, invitation, h1, h2, role])
    node('2026-11-21T10:00:02Z', [
        header('cert.issue', operating, at,
               ['cert ' + b64(certify(subject, key, use, authority)), 'ref subject ' + subject], 'directory')
        for subject, key, use in ((p, person, 'person'), (r, replica, 'replica'))])
    mine = lambda when, headers, head=False: log.act(person, replica, when, headers, head)
    child = header('child.add', person, at)
    c = sha(child).hex()
    mine('2026-11-21T10:05:00Z', [child])
    meeting = header('meeting.convene', person, at, [
        'child ' + c, 'ref chair ' + p, 'fact on 2026-11-25T13:30:00Z', 'fact type initial'])
    mine('2026-11-21T10:05:00Z', [meeting], True)
    decision = header('decision.record', person, at, [
        'child ' + c, 'ref meeting ' + sha(meeting).hex(), 'fact plan yes', 'fact risk yes'])
    registration = header('registration.add', person, at, [
        'child ' + c, 'ref decision ' + sha(decision).hex()], 'register')
    mine('2026-11-25T15:00:00Z', [decision, registration], True)
    refused = sha(b'an act that the node refused').hex()
    number, previous, position = log.position(replica, refused)
    facts = sorted([f'act {refused}', f'author {person.id}', f'head {b64(replica.sign(position))}', f'number {number}',
                    f'previous {previous}', f'replica {replica.id}', 'rule R-008'])
    node('2026-11-25T15:00:01Z', [header('act.refuse', operating, at, ['fact ' + f for f in facts], 'directory')])
    open('leaves', 'wb').write(b''.join(l + b'\n' for l in log.leaves))
    open('checkpoint', 'wb').write(log.checkpoint(ledger))
    vkey = f'{ORIGIN}+{ledger.id[:8]}+{b64(bytes([2]) + ledger.spki)}\n'
    open('vkey', 'w').write(vkey)
    keep = {'leaves', 'checkpoint', 'vkey', os.path.basename(__file__), 'README.md'}
    for name in os.listdir('.'):
        if name not in keep:
            os.remove(name)


main()
