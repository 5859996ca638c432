def facts(*a): return {"a": a}
def write(results, published): 
    import statistics as st
    from collections import defaultdict
    d=defaultdict(list)
    for s in results["samples"]: d[s["server"],s["workload"]].append(s)
    for k,v in d.items(): print(k, {m: round(st.median(x[m] for x in v),2) for m in ("per_second","p50","p99","cpu","database_cpu")})
    print(results["memory"], {k: st.median(v) for k,v in results["starts"].items()})
    return "x"
