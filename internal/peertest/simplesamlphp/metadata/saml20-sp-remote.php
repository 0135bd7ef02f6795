<?php

// The one service provider that this identity provider answers.

$settings = json_decode(file_get_contents(dirname(__DIR__) . '/settings.json'), true, 16, JSON_THROW_ON_ERROR);

$metadata[$settings['sp_entity_id']] = [
    'AssertionConsumerService' => [
        [
            'index' => 0,
            'isDefault' => true,
            'Binding' => 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
            'Location' => $settings['sp_acs_url'],
        ],
    ],
];
