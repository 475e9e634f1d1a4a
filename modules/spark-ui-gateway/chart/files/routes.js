// Routes are files. Each request reads its own, so a new route needs no reload and no memory here.
// The sidecar writes them; the names are safe because only a job id's pattern reaches this code.
// All of this file is run for every request, so it holds nothing else; pages.js has the rest.

import fs from 'fs';

const DIRECTORY = '/run/spark-ui-gateway/';

function read(name) {
    try {
        return fs.readFileSync(DIRECTORY + name, 'utf8');
    } catch (error) {
        return '';
    }
}

function backend(r) {
    return read('r/' + r.variables.job);
}

function history(r) {
    return read('history');
}

// What a driver may say about its answer. All else would reach beyond it: cookies, ways to other
// servers, reports, logins, permissions of the whole origin. A list of what is refused would lack
// what browsers learn next year.
const SAID = {
    'age': 1, 'cache-control': 1, 'content-disposition': 1, 'content-encoding': 1,
    'content-language': 1, 'content-length': 1, 'content-security-policy': 1, 'content-type': 1,
    'etag': 1, 'expires': 1, 'last-modified': 1, 'location': 1, 'pragma': 1, 'retry-after': 1,
    'vary': 1, 'x-frame-options': 1, 'x-xss-protection': 1
};

// What NGINX did not take for a whole HTTP answer it hands on as it came, and a driver could write
// headers of its own past every rule. Two kinds: what does not begin like HTTP (HTTP/0.9 to NGINX),
// and an interim answer (1xx), behind which another one follows that nobody has read. Hang up.
function clean_answer(r) {
    if (r.httpVersion === '0.9' || r.status < 200) {
        throw new Error('no final HTTP answer');
    }
    for (const name in r.headersOut) {
        if (SAID[name.toLowerCase()] !== 1) {
            delete r.headersOut[name];
        }
    }
    const location = r.headersOut['Location'];
    if (location && climbs(location)) {
        r.headersOut['Location'] = r.variables.context + '/';
    }
}

// NGINX has put the job's own path in front; ".." leads out of it again, as browsers read it:
// "%2e" is a dot, "\" a slash, and control characters are not there.
function climbs(location) {
    const path = location.split(/[?#]/)[0].replace(/[\x00-\x20]/g, '').replace(/%2e/gi, '.');
    return /(?:^|[/\\])\.\.(?:[/\\]|$)/.test(path);
}

export default {backend, clean_answer, history};
