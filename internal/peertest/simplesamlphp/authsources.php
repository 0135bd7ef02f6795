<?php

// The people who may sign in, read anew for every request: name, colon, password
// and then their attributes.

$config = [
    'people' => array_merge(
        ['exampleauth:UserPass'],
        json_decode(file_get_contents(__DIR__ . '/users.json'), true, 16, JSON_THROW_ON_ERROR)
    ),
];
