<?php

// Configuration of SimpleSAMLphp for one test. What differs between tests comes
// from settings.json beside this file.

$settings = json_decode(file_get_contents(__DIR__ . '/settings.json'), true, 16, JSON_THROW_ON_ERROR);

$config = [
    'baseurlpath' => $settings['base_url'],
    'certdir' => __DIR__ . '/cert/',
    'datadir' => __DIR__ . '/data/',
    'tempdir' => __DIR__ . '/temp',
    'metadatadir' => __DIR__ . '/metadata/',
    'metadata.sources' => [['type' => 'flatfile']],
    'timezone' => 'UTC',

    'secretsalt' => $settings['secret'],
    'auth.adminpassword' => $settings['secret'],
    'admin.protectindexpage' => true,
    'admin.checkforupdates' => false,
    'trusted.url.domains' => [],

    'debug' => ['saml' => false, 'backtraces' => true, 'validatexml' => false],
    'showerrors' => true,
    'errorreporting' => false,
    'logging.handler' => 'errorlog',
    'logging.level' => SimpleSAML\Logger::WARNING,
    'statistics.out' => [],

    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true],

    'store.type' => 'phpsession',
    'session.phpsession.savepath' => __DIR__ . '/temp',
    'session.cookie.secure' => false,
    'session.cookie.samesite' => null,
    'language.cookie.secure' => false,
    'language.cookie.samesite' => null,
    'language.default' => 'en',
];
