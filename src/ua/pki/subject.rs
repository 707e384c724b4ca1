//! The names in a certificate's subject, one by one: rules about roles go by them (Part 18, 4.4.2).

use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::prelude::{FromDer, X509Certificate};

/// Names and values of the subject: `CN`, `O`, `OU`, `C` and so on, in the order of the certificate. Those that are no
/// text are left out.
pub fn subject_names(der: &[u8]) -> Vec<(String, String)> {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return Vec::new() };
    let attributes = certificate.subject().iter_attributes();
    let named = attributes.filter_map(|it| {
        let name = oid2abbrev(it.attr_type(), oid_registry()).ok()?;
        Some((name.to_owned(), it.as_str().ok()?.to_owned()))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    #[test]
    fn rol_04_the_names_of_a_subject_are_told_by_their_usual_letters() {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "olga");
        params.distinguished_name.push(DnType::OrganizationName, "A/B");
        let key = KeyPair::generate().unwrap();
        let names = subject_names(params.self_signed(&key).unwrap().der());
        assert!(names.contains(&("CN".to_owned(), "olga".to_owned())), "{names:?}");
        assert!(names.contains(&("O".to_owned(), "A/B".to_owned())), "{names:?}");
        assert!(subject_names(b"no certificate").is_empty());
    }
}
