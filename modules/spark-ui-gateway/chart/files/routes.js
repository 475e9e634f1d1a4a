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

// What NGINX did not take for a whole HTTP answer it hands on as it came, and a driver could write
// headers of its own past every rule. Two kinds: what does not begin like HTTP (HTTP/0.9 to NGINX),
// and an interim answer (1xx), behind which another one follows that nobody has read. Hang up.
function insist_on_an_answer(r) {
    if (r.httpVersion === '0.9' || r.status < 200) {
        throw new Error('the driver does not speak HTTP');
    }
}

export default {backend, history, insist_on_an_answer};
