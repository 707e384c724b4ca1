"""A certificate authority of a test's own."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

DER = serialization.Encoding.DER


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


class Authority:
    """Issues what it is asked for, and revokes."""

    def __init__(self, name: str = "Cellhouse test authority"):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.revoked: list[int] = []
        self.certificate = (
            self._begin(self.name, self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def _begin(self, subject: x509.Name, key) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - datetime.timedelta(days=1))
            .not_valid_after(now() + datetime.timedelta(days=100))
        )

    def issue(self, request: bytes, uri: str | None = None) -> bytes:
        """A certificate for a signing request in DER, as it asks, or with another ApplicationUri."""
        asked = x509.load_der_x509_csr(request)
        assert asked.is_signature_valid
        building = self._begin(asked.subject, asked.public_key())
        for extension in asked.extensions:
            value = extension.value
            if uri and isinstance(value, x509.SubjectAlternativeName):
                value = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
            building = building.add_extension(value, extension.critical)
        return building.sign(self.key, hashes.SHA256()).public_bytes(DER)

    def issue_for(self, certificate: bytes) -> bytes:
        """The same as a self-signed certificate says, issued by this authority."""
        own = x509.load_der_x509_certificate(certificate)
        building = self._begin(own.subject, own.public_key())
        for extension in own.extensions:
            building = building.add_extension(extension.value, extension.critical)
        return building.sign(self.key, hashes.SHA256()).public_bytes(DER)

    def revocation_list(self, *revoked: int) -> bytes:
        building = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(now() - datetime.timedelta(days=1))
            .next_update(now() + datetime.timedelta(days=30))
        )
        for serial in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial)
            building = building.add_revoked_certificate(entry.revocation_date(now()).build())
        return building.sign(self.key, hashes.SHA256()).public_bytes(DER)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(DER)
