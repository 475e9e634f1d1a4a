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

// NGINX takes an answer that does not begin like HTTP for HTTP/0.9 and hands it on as it came: a
// driver could write headers of its own past every rule. No browser asks in HTTP/0.9, so hang up.
function insist_on_http(r) {
    if (r.httpVersion === '0.9') {
        throw new Error('the driver does not speak HTTP');
    }
}

export default {backend, history, insist_on_http};
