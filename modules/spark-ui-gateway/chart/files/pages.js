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

// And back, for a link into a job that was opened before it ran.
function live(r) {
    const rest = r.variables.rest || '/';
    r.headersOut['Cache-Control'] = 'no-store';
    r.return(302, `/jobs/${r.variables.job}` + (rest === '/jobs/' ? '/' : encode(rest)) +
        (r.variables.is_args ? '?' + r.variables.args : ''));
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

// Lists of jobs are searched as bytes, which takes a fifth of the time that text does.
function read_bytes(name) {
    try {
        return fs.readFileSync(DIRECTORY + name);
    } catch (error) {
        return Buffer.from('');
    }
}

// Who submits a job knows its namespace and name, and not yet the id that Spark gives it. Of several
// lines with that name the first counts.
function by_name(r) {
    const key = `\n${r.variables.namespace}/${r.variables.name} `;
    const names = read_bytes('names');
    const at = names.indexOf(key);
    if (at < 0) {
        page(r, 404, 5, 'No job of that name is running',
            'It has not begun, or it has ended. This page asks again every 5 seconds.');
        return;
    }
    const begin = at + key.length;
    const job = names.slice(begin, names.indexOf('\n', begin)).toString();
    r.headersOut['Cache-Control'] = 'no-store';
    r.return(302, `/jobs/${job}` + encode(r.variables.rest || '/') +
        (r.variables.is_args ? '?' + r.variables.args : ''));
}

const MOST_FOUND = 500;

// Live jobs by namespace and by part of a name, the newest first.
function find(r) {
    const namespace = r.args.namespace || '';
    const name = r.args.name || '';
    const from = Number(r.args.from || 0);
    if (!/^[a-z0-9-]{0,63}$/.test(namespace) || !/^[A-Za-z0-9._-]{0,63}$/.test(name) ||
        !(from >= 0 && from <= 1e6 && from % 1 === 0)) {
        page(r, 400, 0, 'No job can be called so',
            'A namespace has small letters, digits and dashes; a name has letters, digits, ' +
            'dots, dashes and underscores.');
        return;
    }
    if (!is_synced()) {
        page(r, 503, 3, 'The list of jobs is being read',
            'The gateway has just started. This page asks again every 3 seconds.');
        return;
    }
    const found = search(read_bytes('jobs.txt'), namespace, name, from + MOST_FOUND + 1);
    const shown = found.slice(from, from + MOST_FOUND);
    const older = found.length > from + MOST_FOUND ?
        ` <a href="/find?namespace=${namespace}&amp;name=${name}&amp;from=${from + MOST_FOUND}">` +
        'Older ones</a>' : '';
    const rows = shown.map(job => `<tr><td><a href="/jobs/${job[2]}/">${job[1]}</a></td>` +
        `<td>${job[0]}</td><td>${job[3]}</td><td><code>${job[2]}</code></td></tr>`);
    page(r, 200, 0, 'Live Spark jobs',
        `${shown.length || 'No'} jobs, the newest first.${older}</p>` +
        `<table><tbody>${rows.join('\n')}</tbody></table><p>`);
}

// A line is "namespace name id time", of letters that need no escaping. Only lines that hold what
// is asked for are looked at.
function search(lines, namespace, name, most) {
    const found = [];
    const hint = name || (namespace ? `\n${namespace} ` : '\n');
    for (let at = lines.indexOf(hint); at >= 0 && found.length < most;) {
        const begin = lines.lastIndexOf('\n', at) + 1;
        const end = lines.indexOf('\n', begin);
        if (end < 0) {
            break;
        }
        const job = lines.slice(begin, end).toString().split(' ');
        if (job.length === 4 && job[1].indexOf(name) >= 0 && (!namespace || job[0] === namespace)) {
            found.push(job);
        }
        at = lines.indexOf(hint, end);
    }
    return found;
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

export default {busy, by_name, ended, find, history_away, live, ready, starting, unwritten};
