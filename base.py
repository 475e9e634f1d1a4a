import yaml,subprocess,sys,copy,json
PY='/work/main/.venv/bin/python'
base=yaml.safe_load(open('/work/main/cells.yaml'))
def write(d,f='/tmp/inv/c/cells.yaml',clean=True):
    import os,shutil
    os.makedirs('/tmp/inv/c',exist_ok=True)
    if clean:
        for n in ('cells.lock.yaml',):
            try: os.remove('/tmp/inv/c/'+n)
            except FileNotFoundError: pass
    open(f,'w').write(yaml.safe_dump(d,sort_keys=False,default_style=None))
def cf(*a):
    p=subprocess.run([PY,'-m','factory',*a],capture_output=True,text=True,cwd='/tmp/inv/c',env={'PYTHONPATH':'/work/main','COLUMNS':'80','PATH':'/usr/bin:/bin','HOME':'/tmp'})
    return p.returncode,p.stdout,p.stderr
