from base import *
def show(title,d,*cmds):
    write(d)
    print('=====',title)
    for c in cmds:
        rc,o,e=cf(*c); print('$',' '.join(c),'->',rc); print(o[-3500:] if len(o)>3500 else o); print(e)
#d=copy.deepcopy(base); d['cell_types']['spark-small']['node_ceiling']=2000
#show('ceiling over policy',d,['check'],['size','moka-use1-b','--solve'])
#d=copy.deepcopy(base); d['cells']['moka-use1-a']['quotas']={'L-BB24F6E5':0,'L-CD17FD4B':0,'L-1216C47A':0,'L-7A658B76':0,'L-83CA0A9D':0,'L-DF5E4CA3':0,'L-BD136A63':0,'L-6D54EA21':0,'L-7E9ECCDB':0,'L-DC9F7029':0,'L-29B6F2EB':0,'L-93826ACB':0}
#show('zeros',d,['check'],['size','moka-use1-a','--solve'])
if __name__=='__main__':
    d=copy.deepcopy(base); d['cell_types']['spark-small']['node_ceiling']=1900
    show('ceiling over policy',d,['check'],['size','moka-use1-b','--solve'])
    d=copy.deepcopy(base); d['cells']['moka-use1-a']['quotas']={'L-BB24F6E5':0,'L-CD17FD4B':0,'L-1216C47A':0,'L-7A658B76':0,'L-DF5E4CA3':0,'L-BD136A63':0,'L-6D54EA21':0,'L-7E9ECCDB':0,'L-DC9F7029':0,'L-29B6F2EB':0,'L-93826ACB':0}
    show('zeros',d,['check'],['size','moka-use1-a','--solve'])
    d=copy.deepcopy(base); d['cell_types']['spark']['max_pods']=97
    show('97 pods',d,['check'],['size','moka-use1-a','--solve'])
    d=copy.deepcopy(base); d['address_pools']['node']=['10.128.0.0/21']
    show('tiny',d,['check'])
    d=copy.deepcopy(base); d['address_pools']['pod']=['100.64.0.0/15']
    show('tiny pods',d,['check'])
