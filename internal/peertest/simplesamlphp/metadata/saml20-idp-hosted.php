<?php

// The identity provider. Like AWS IAM Identity Center it signs the Response and
// the Assertion, encrypts nothing, and sends as NameID the name that the person
// signs in with. Its entity ID is the address of its metadata.

$metadata['__DYNAMIC:1__'] = [
    'host' => '__DEFAULT__',
    'auth' => 'people',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'saml20.sign.response' => true,
    'saml20.sign.assertion' => true,
    'assertion.encryption' => false,
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
    'authproc' => [
        10 => [
            'class' => 'saml:AttributeNameID',
            'attribute' => 'signInName',
            'Format' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
        ],
        20 => [
            'class' => 'core:AttributeLimit',
            'email', 'firstName', 'lastName', 'userId', 'groups',
        ],
    ],
];
