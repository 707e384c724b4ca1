//! Known answers: what standards print, so that both ends of our own tests cannot be wrong in the same way.

use aws_lc_rs::agreement::{ECDH_P256, ECDH_P384};
use aws_lc_rs::{agreement, hmac};

use crate::config::{KeyType, SecurityPolicy};
use crate::ua::crypto::derive::{self, Hash};
use crate::ua::crypto::elliptic::{EphemeralKey, PublicKey};
use crate::ua::crypto::symmetric::Cipher;
use crate::ua::crypto::{
    Contribution, CryptoError, EccSecret, PrivateKey, nonce_bytes, policy_uri, sign,
    signature_bytes,
};

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|it| !it.is_whitespace()).collect();
    let pair = |it: &[char]| u8::from_str_radix(&it.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

#[test]
fn key_stretching_agrees_with_the_published_vector_of_p_sha256() {
    // Vector posted to the IETF TLS list for P_SHA256 (secret, "test label" + seed).
    let secret = bytes("9bbe436ba940f017b17652849a71db35");
    let seed = [b"test label".as_slice(), &bytes("a0ba9f936cda311827a6f796ffd5198c")].concat();
    let expected = bytes("e3f229ba727be17b8d122620557cd453");
    assert_eq!(derive::stretch(&secret, &seed, 16), expected);
}

#[test]
fn hkdf_agrees_with_rfc_5869() {
    let secret = [0x0b; 22];
    let (salt, info) = (bytes("000102030405060708090a0b0c"), bytes("f0f1f2f3f4f5f6f7f8f9"));
    let expected = bytes(
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    );
    assert_eq!(derive::expand(Hash::Sha256, &salt, &secret, &info, 42), Ok(expected));
    let of = |first: u8| (0..80).map(|it| first + it).collect::<Vec<u8>>();
    let expected = bytes(
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6
         5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    );
    assert_eq!(derive::expand(Hash::Sha256, &of(0x60), &of(0), &of(0xb0), 82), Ok(expected));
}

#[test]
fn hmac_agrees_with_rfc_4231() {
    let data = b"what do ya want for nothing?";
    let of = |hash: Hash| hmac::sign(&hmac::Key::new(hash.hmac(), b"Jefe"), data);
    let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(of(Hash::Sha256).as_ref(), bytes(expected));
    let expected = "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e
                    8e2240ca5e69e2c78b3239ecfab21649";
    assert_eq!(of(Hash::Sha384).as_ref(), bytes(expected));
}

#[test]
fn aes_cbc_agrees_with_sp_800_38a() {
    let plain = bytes("6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51");
    let vector = bytes("000102030405060708090a0b0c0d0e0f");
    let all = [
        (
            "2b7e151628aed2a6abf7158809cf4f3c",
            "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2",
        ),
        (
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "f58c4c04d6e5f1ba779eabfb5f7bfbd6 9cfc4e967edb808d679f777bc6702c7d",
        ),
    ];
    for (key, expected) in all {
        let cipher = Cipher::new(&bytes(key), &vector).unwrap();
        let mut data = plain.clone();
        cipher.encrypt(&mut data).unwrap();
        assert_eq!(data, bytes(expected));
        cipher.decrypt(&mut data).unwrap();
        assert_eq!(data, plain);
    }
}

/// A private key, its public key and the other side's, and what both agree on (RFC 5903, 8.1 and 8.2).
const AGREEMENTS: [(&agreement::Algorithm, [&str; 4]); 2] = [
    (
        &ECDH_P256,
        [
            "C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433",
            "DAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180
             5271A0461CDB8252D61F1C456FA3E59AB1F45B33ACCF5F58389E0577B8990BB3",
            "D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63
             56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB",
            "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE",
        ],
    ),
    (
        &ECDH_P384,
        [
            "099F3C7034D4A2C699884D73A375A67F7624EF7C6B3C0F160647B67414DCE655E35B538041E649EE3FAEF896783AB194",
            "667842D7D180AC2CDE6F74F37551F55755C7645C20EF73E31634FE72B4C55EE6DE3AC808ACB4BDB4C88732AEE95F41AA
             9482ED1FC0EEB9CAFC4984625CCFC23F65032149E0E144ADA024181535A0F38EEB9FCFF3C2C947DAE69B4C634573A81C",
            "E558DBEF53EECDE3D3FCCFC1AEA08A89A987475D12FD950D83CFA41732BC509D0D1AC43A0336DEF96FDA41D0774A3571
             DCFBEC7AACF3196472169E838430367F66EEBE3C6E70C416DD5F0C68759DD1FFF83FA40142209DFF5EAAD96DB9E6386C",
            "11187331C279962D93D604243FD592CB9D0A926F422E47187521287E7156C5C4D603135569B9E9D09CF5D4A270F59746",
        ],
    ),
];

#[test]
fn agreement_agrees_with_rfc_5903() {
    for (algorithm, [own, public, peer, expected]) in AGREEMENTS {
        let own = agreement::PrivateKey::from_private_key(algorithm, &bytes(own)).unwrap();
        let own = EphemeralKey::new(own).unwrap();
        assert_eq!(own.public(), bytes(public));
        assert_eq!(own.agree(&bytes(peer)), Ok(bytes(expected)));
    }
}

#[test]
fn what_is_no_point_of_the_curve_agrees_on_nothing() {
    let own = EphemeralKey::generate(SecurityPolicy::EccNistP256).unwrap();
    let mut beside = EphemeralKey::generate(SecurityPolicy::EccNistP256).unwrap().public().to_vec();
    beside[63] ^= 1;
    let other = EphemeralKey::generate(SecurityPolicy::EccNistP384).unwrap();
    for peer in [&beside[..], &[0; 64], &[], other.public(), &own.public()[1..]] {
        assert_eq!(own.agree(peer), Err(CryptoError));
    }
}

#[test]
fn ecdsa_agrees_with_rfc_6979() {
    let all = [
        (
            KeyType::NistP256,
            "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6
             7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
             F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        ),
        (
            KeyType::NistP384,
            "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13
             8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720",
            "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46
             99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8",
        ),
    ];
    for (key, public, signature) in all {
        let point = [&[4], bytes(public).as_slice()].concat();
        let public = PublicKey::of_point(key, &point).unwrap();
        assert!(public.verify(b"sample", &bytes(signature)));
        assert!(!public.verify(b"sample.", &bytes(signature)));
        assert!(PublicKey::of_point(key, &point[1..]).is_err());
    }
}

#[test]
fn both_sides_derive_the_same_keys_and_each_direction_its_own() {
    for policy in SecurityPolicy::ALL.into_iter().filter(|it| *it != SecurityPolicy::None) {
        let [client, server] = [(); 2].map(|()| Contribution::new(policy).unwrap());
        assert_eq!(client.nonce().len(), nonce_bytes(policy));
        let ours = client.as_client(server.nonce()).unwrap();
        let theirs = server.as_server(client.nonce()).unwrap();
        let signature = ours.client.sign(b"there");
        assert_eq!(signature.as_ref().len(), signature_bytes(policy));
        assert!(theirs.client.verify(b"there", signature.as_ref()));
        assert!(!theirs.server.verify(b"there", signature.as_ref()));
        assert!(!theirs.client.verify(b"their", signature.as_ref()));
        let mut data = [7; 48];
        theirs.server.encrypt(&mut data).unwrap();
        assert_ne!(data, [7; 48]);
        ours.server.decrypt(&mut data).unwrap();
        assert_eq!(data, [7; 48]);
        for short in [&[][..], &client.nonce()[1..]] {
            assert!(server.as_server(short).is_err());
        }
    }
}

/// A self-signed certificate of a new key on P-256, and the key.
fn signer() -> (Vec<u8>, PrivateKey) {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
    (certificate.der().to_vec(), PrivateKey::from_pkcs8(pair.serialized_der()).unwrap())
}

#[test]
fn usr_20_a_secret_opens_for_its_key_its_nonce_and_its_sender_alone() {
    let policy = SecurityPolicy::EccNistP256;
    let ((certificate, key), (other_certificate, _)) = (signer(), signer());
    let receiver = EphemeralKey::generate(policy).unwrap();
    let nonce = [9; 32];
    let good = EccSecret { policy, certificate: &certificate, server_nonce: &nonce };
    for secret in [&b""[..], b"x", &[0x5a; 33], &[1; 4000]] {
        let sealed = good.seal(&key, receiver.public(), secret, 0).unwrap();
        assert_eq!(good.open(&receiver, &sealed).as_deref(), Ok(secret));
        let later = EphemeralKey::generate(policy).unwrap();
        assert_eq!(good.open(&later, &sealed), Err(CryptoError), "another key");
        let replayed = EccSecret { server_nonce: &[8; 32], ..good };
        assert_eq!(replayed.open(&receiver, &sealed), Err(CryptoError), "another nonce");
        let stolen = EccSecret { certificate: &other_certificate, ..good };
        assert_eq!(stolen.open(&receiver, &sealed), Err(CryptoError), "another sender");
    }
    let sealed = good.seal(&key, receiver.public(), b"secret", 0).unwrap();
    for at in 0..sealed.len() {
        let mut broken = sealed.clone();
        broken[at] ^= 1;
        assert_eq!(good.open(&receiver, &broken), Err(CryptoError), "byte {at}");
        assert_eq!(good.open(&receiver, &sealed[..at]), Err(CryptoError), "{at} bytes");
    }
}

#[test]
fn a_secret_that_its_sender_made_wrong_is_refused_and_nothing_worse() {
    let policy = SecurityPolicy::EccNistP256;
    let (certificate, key) = signer();
    let receiver = EphemeralKey::generate(policy).unwrap();
    let good = EccSecret { policy, certificate: &certificate, server_nonce: &[9; 32] };
    let sealed = good.seal(&key, receiver.public(), b"secret", 0).unwrap();
    // Head, length, policy, certificate, time, length of the keys, both keys.
    let begin = 9 + 4 + policy_uri(policy).len() + 4 + certificate.len() + 10 + 2 * (4 + 64);
    let resigned = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut made = sealed[..sealed.len() - 64].to_vec();
        change(&mut made);
        let length = (made.len() + 64).saturating_sub(9) as u32;
        if made.len() > 9 {
            made[5..9].copy_from_slice(&length.to_le_bytes());
        }
        made.extend_from_slice(&sign(policy, &key, &made).unwrap());
        good.open(&receiver, &made)
    };
    assert_eq!(resigned(&|_| {}).as_deref(), Ok(&b"secret"[..]));
    for length in 0..sealed.len() - 64 {
        assert!(resigned(&|it| it.truncate(length)).is_err(), "{length} bytes");
    }
    for at in begin..sealed.len() - 64 {
        let opened = resigned(&|it| it[at] ^= 0x80);
        assert_ne!(opened.as_deref(), Ok(&b"secret"[..]), "byte {at}");
    }
    // Lengths that reach beyond what is there.
    for at in [9, 13 + policy_uri(policy).len(), begin - 68, begin - 136] {
        assert!(resigned(&|it| it[at + 3] = 0x7f).is_err(), "length at {at}");
        assert!(resigned(&|it| it[at..at + 4].fill(0xff)).is_err(), "null at {at}");
    }
}

#[test]
fn a_policy_signs_with_its_own_type_of_key_alone() {
    let (_, key) = signer();
    for policy in SecurityPolicy::ALL {
        let fits = policy == SecurityPolicy::EccNistP256;
        assert_eq!(sign(policy, &key, b"x").is_ok(), fits, "{policy:?}");
        assert!(key.decrypt(policy, &[0; 256]).is_err());
    }
}
