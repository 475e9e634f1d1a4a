// What the gateway itself says to people: a job that starts, one that has ended, no history yet.

import fs from 'fs';

const DIRECTORY = '/run/spark-ui-gateway/';

const STYLE = ':root{color-scheme:light dark}' +
    'body{font:16px/1.6 system-ui,sans-serif;margin:15vh auto;max-width:38rem;padding:0 1rem}';

function read(name) {
    try {
        return fs.readFileSync(DIRECTORY + name, 'utf8');
    } catch (error) {
        return '';
    }
}

function is_synced() {
    return read('synced') !== '';
}

// A page for people that asks again by itself; programs read the status and Retry-After.
function page(r, status, seconds, title, text) {
    r.headersOut['Content-Type'] = 'text/html; charset=utf-8';
    r.headersOut['Cache-Control'] = 'no-store';
    r.headersOut['Content-Security-Policy'] = "default-src 'none'; style-src 'unsafe-inline'";
    let again = '';
    if (seconds) {
        r.headersOut['Retry-After'] = String(seconds);
        again = `<meta http-equiv="refresh" content="${seconds}">`;
    }
    r.return(status, '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">' + again +
        `<title>${title}</title><style>${STYLE}</style></head>` +
        `<body><h1>${title}</h1><p>${text}</p><p><a href="/">Live jobs</a></p></body></html>\n`);
}

function ready(r) {
    r.headersOut['Content-Type'] = 'text/plain';
    const synced = is_synced();
    r.return(synced ? 200 : 503, synced ? 'ok\n' : 'no complete list of jobs yet\n');
}

// The pod runs and its UI does not answer.
function starting(r) {
    page(r, 503, 3, 'The job is starting or ending',
        'Its driver does not answer yet, or no longer. This page asks again every 3 seconds.');
}

// No pod of that id runs, as far as is known.
function ended(r) {
    if (!is_synced()) {
        page(r, 503, 3, 'The list of jobs is being read',
            'The gateway has just started. This page asks again every 3 seconds.');
        return;
    }
    const root = r.variables.history_root;
    if (!root) {
        page(r, 404, 0, 'The job is not running', 'It has ended, or never was.');
        return;
    }
    r.headersOut['Cache-Control'] = 'no-store';
    r.return(302, root + history_path(r.variables.job, r.variables.rest) +
        (r.variables.is_args ? '?' + r.variables.args : ''));
}

// The same page of the History Server, so that a link into a job outlives the job.
function history_path(job, rest) {
    if (rest.startsWith('/api/v1/') || rest.startsWith('/static/')) {
        return encode(rest);
    }
    return `/history/${job}` + (rest === '/' ? '/jobs/' : encode(rest));
}

function encode(path) {
    try {
        return path.split('/').map(encodeURIComponent).join('/');
    } catch (error) {
        return '/';
    }
}

function unwritten(r) {
    page(r, 404, 5, 'The job is not in the history yet',
        'The History Server reads finished jobs every few seconds; if there is such a job, ' +
        'it appears soon. This page asks again every 5 seconds.');
}

// Who submits a job knows its namespace and name, and not yet the id that Spark gives it.
function by_name(r) {
    const key = `\n${r.variables.namespace}/${r.variables.name} `;
    const names = read('names');
    const at = names.indexOf(key);
    if (at < 0) {
        page(r, 404, 5, 'No job of that name is running',
            'It has not begun, or it has ended. This page asks again every 5 seconds.');
        return;
    }
    const begin = at + key.length;
    r.headersOut['Cache-Control'] = 'no-store';
    r.return(302, `/jobs/${names.slice(begin, names.indexOf('\n', begin))}` +
        encode(r.variables.rest || '/') + (r.variables.is_args ? '?' + r.variables.args : ''));
}

// Pages of a job take memory while they are read, and a browser that reads slowly keeps it.
function busy(r) {
    page(r, 429, 3, 'Too many requests at once',
        'Others look at this job, or at many. This page asks again every 3 seconds.');
}

function history_away(r) {
    page(r, 503, 5, 'The History Server does not answer',
        'Live jobs are not affected. This page asks again every 5 seconds.');
}

export default {busy, by_name, ended, history_away, ready, starting, unwritten};
