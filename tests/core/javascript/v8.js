// Makes v8.json: what V8 makes of many expressions. `TZ=UTC node v8.js`, where Node 20 is.
//
// An expression's entry is its value as JSON in a list, or "undefined", or "error". NaN, Infinity
// and BigInts are text, as in a document.
"use strict";
const fs = require("fs");
const path = require("path");

const strs=["'abc'","'Straße'","'a,b,c'","''","' x '","'+1 (555) 000-1111'","'sip:alice@example.com'","'ÀÉ'","'aXbXc'","'𝒳y'"];
const nums=["0","-0","1","2.5","-2.5","1e21","1e-7","0.1+0.2","12.345","255","NaN","Infinity","1/3","123456789.123","-1","4294967296"];
const arrs=["[3,1,2]","[]","['b','a',10,9]","[1,[2,[3,[4]]]]","[null,undefined,1]","[1,2,3,4,5]"];
const out=new Set();
const add=(...e)=>e.forEach(x=>out.add(x));
for (const s of strs) {
  for (const m of ["length","toUpperCase()","toLowerCase()","trim()","trimStart()","trimEnd()","split('')","split(',')","charAt(1)","charCodeAt(0)","codePointAt(0)","at(-1)","slice(1,3)","slice(-2)","substring(2,0)","substr(1,2)","indexOf('b')","lastIndexOf('a')","includes('b')","startsWith('a')","endsWith('c')","padStart(12,'ab')","padEnd(12)","repeat(2)","replace('a','z')","replaceAll('X','-')","replace(/[^0-9]/g,'')","match(/[a-z]+/g)","search(/b/)","normalize('NFD').length","concat(1,null)","localeCompare('abd')","split(/[,:@]/)","isWellFormed()","toString()"]) add(`${s}.${m}`); add(`encodeURIComponent(${s})`,`escape(${s})`,`JSON.stringify(${s})`,`[...${s}]`,`Number(${s})`,`parseInt(${s})`,`parseFloat(${s})`,`!!${s}`,`${s}+1`,`${s}<'b'`);}
for(const n of nums){for(const m of ["toFixed(2)","toFixed(0)","toString()","toString(16)","toString(2)","toPrecision(3)","toExponential(2)"]) add(`(${n}).${m}`); for(const f of ["Math.round","Math.floor","Math.ceil","Math.trunc","Math.abs","Math.sign","Math.sqrt","Math.cbrt","Math.log2","Math.log10","Math.exp","Math.sin","Math.atan","Math.fround","Math.clz32","String","Number.isInteger","Number.isSafeInteger","isFinite","Boolean","Math.hypot","Math.expm1"]) add(`${f}(${n})`); add(`-(${n})`,`~(${n})`,`(${n})>>>0`,`(${n})**2`,`(${n})%7`,`JSON.stringify([${n}])`,`\`\${${n}}\``);}
for(const a of arrs) for(const m of ["length","sort()","slice().reverse()","join()","join('-')","map(x=>x+1)","filter(Boolean)","reduce((a,b)=>a+b,'')","flat()","flat(Infinity)","includes(2)","indexOf(1)","concat([9],8)","slice(1)","at(-1)","find(x=>x>1)","findIndex(x=>x>1)","findLast(x=>x>1)","some(x=>x>2)","every(x=>x>0)","toString()","flatMap(x=>[x,x])","toSorted()","toReversed()","with(0,7)","entries().next().value","keys().next().value","fill(0)","copyWithin(0,1)","lastIndexOf(2)","reduceRight((a,b)=>a+b,'')","splice(0,1)"]) add(`${a}.${m}`);
for(const d of ["0","1709208000000","'2024-02-29T12:00:00Z'","'2024-05-06'","'2024-05-06T10:20:30+02:00'","Date.UTC(2024,0,31)","NaN","'Tue, 25 Sep 2018 23:00:00 GMT'","8.64e15"]) for(const m of ["toISOString()","getTime()","toJSON()","getUTCDay()","getUTCFullYear()","getUTCMonth()","getUTCDate()","getUTCHours()","getUTCMilliseconds()","toUTCString()","valueOf()","toString()","toDateString()","toLocaleDateString()","toLocaleTimeString()","getTimezoneOffset()"]) add(`new Date(${d}).${m}`);
add("JSON.stringify({b:1,a:[1,{c:undefined}],d:()=>1})","JSON.stringify({a:1},null,2)","JSON.stringify(new Date(0))","JSON.stringify('\\u2028')","JSON.parse('[1,{\"a\":null}]')","JSON.parse('{\"a\":1,\"a\":2}')","JSON.stringify({a:NaN,b:Infinity})","JSON.stringify({a:1,b:[1,2]},['a'])","JSON.parse('1e3')","JSON.parse('{\"a\":1}',(k,v)=>typeof v=='number'?v+1:v)");
add("({a:1,b:2})","Object.keys({b:1,a:2,1:3})","Object.entries({a:1})","Object.assign({},{a:1},{b:2})","Object.fromEntries([['a',1]])","Object.groupBy([1,2,3],x=>x%2?'odd':'even')","Array.from({length:3},(_, i)=>i*2)","Array.of(7)","Array.isArray([])","[...new Set([1,1,2])]","[...new Map([['a',1]])]","new Map([['a',1]]).size","typeof null","typeof undefined","typeof (()=>1)","void 0","null ?? 'x'","undefined?.a","({a:{b:1}}).a?.b","0||'x'","''&&1","1<2<3","3>2>1","'10'<'9'","10<'9'","[]+[]","[]+{}","[1]+[2]","1+'2'","'3'*'4'","null+1","undefined+1","true+true","[]==false","null==0","null>=0","NaN==NaN","'b'+'a'+ +'a'+'a'","1/0","-1/0","0/0","2**53+1","0.1*3","5%-3","-5%3","1<<31","1<<32","-1>>>0","parseInt('08')","parseInt('0x1f')","parseInt('1e3')","parseInt('z',36)","Number('')","Number(' 12 ')","Number('1,2')","Number(null)","Number(undefined)","Number([5])","Number('0b11')","10n**20n","BigInt(5)+1n","typeof 1n","/(?<y>\\d{4})-(?<m>\\d\\d)/.exec('2024-05').groups.y","'2024-05'.match(/(\\d+)-(\\d+)/)","'aBc'.replace(/b/i,m=>m+m)","'a1b2'.replace(/(\\w)(\\d)/g,'$2$1')","[...'a1b2'.matchAll(/\\d/g)].map(m=>m.index)","/^\\p{L}+$/u.test('Éa')","/(?<=\\$)\\d+/.exec('$42')[0]","/a.c/s.test('a\\nc')","/\\bfoo\\b/y.test('foo')","'x'.localeCompare('X')","'ä'.localeCompare('z')","'a'.localeCompare('b')","['ä','a','z'].sort((a,b)=>a.localeCompare(b))","(1234567.891).toLocaleString()","(1234.5).toLocaleString('de-DE')","new Intl.NumberFormat('en').format(1e6)","typeof Intl","typeof structuredClone","typeof URL","typeof console","typeof setTimeout","typeof Buffer","typeof fetch","typeof TextEncoder","typeof queueMicrotask","typeof atob","typeof btoa","typeof WebAssembly","typeof SharedArrayBuffer","typeof Atomics","typeof Iterator","typeof WeakRef","typeof globalThis","typeof Symbol.iterator","(()=>{try{null.a}catch(e){return e.name}})()","(()=>{try{null.a}catch(e){return e.message}})()","(()=>{try{x}catch(e){return e.message}})()","(()=>{try{JSON.parse('{')}catch(e){return e.name}})()","[1,2,3].map(parseInt)","[10,9,1].sort()","['a','b'].entries().toArray?.()","(function(){return typeof this})()","((a,b=2,...c)=>a+b+c.length)(1,undefined,3,4)","(({a,...r})=>r)({a:1,b:2,c:3})","[[1,2],[3,4]].map(([a,b])=>a*b)","`a${1}b${'c'}`","String.raw`\\n`","'abc'[1]","'abc'['length']","isNaN('x')","isNaN('')","encodeURI('a b/ü?')","decodeURIComponent('%C3%BC')","unescape('%u0107')","Math.max()","Math.min(1,'2')","Math.max(...[1,5,3])","Math.atan2(1,-1)","Math.pow(2,0.5)","Math.imul(3,4)","Number.EPSILON","Number.MAX_SAFE_INTEGER","Number.MAX_VALUE","Number.MIN_VALUE","(25).toString(36)","(0.000001234).toString()","(1e300*10).toString()","(-1.005).toFixed(2)","(1.005).toFixed(2)","(1e21).toFixed(2)","(123.456).toPrecision(4)","new Array(3)","[,1]","[1,,2].length","Array(3).join('x')","[3,20,100].sort((a,b)=>a-b)","Date.UTC(2024,1,30)","new Date(2024,0,1).getTime()","new Date('2024-01-01 10:00').getTime()","new Date('garbage').getTime()","Date.parse('2024-02-30')","Date.parse('06/05/2024')","Date.parse('May 6, 2024 10:00 GMT')","new Date(NaN).toString()","Symbol('x').toString()","Symbol.for('a').description","[1,2,3].toSpliced(1,1)","new Set([1,2]).union?.(new Set([3]))?.size","'a-b_c'.split(/[-_]/).map(w=>w[0].toUpperCase()+w.slice(1)).join('')","Object.is(-0,0)","[NaN].includes(NaN)","[NaN].indexOf(NaN)","delete ({a:1}).a","(a=>a?.b?.[0])({b:[5]})","((x)=>{switch(x){case 1:return 'one';default:return 'other'}})(1)","(()=>{let s=0;for(const x of [1,2,3])s+=x;return s})()","(()=>{const o={};o.x=1;return o})()","[1,2,3].reduce((a,b)=>({...a,[b]:b*b}),{})","new Error('x').message","new Date(0)","({toJSON(){return 'j'}})","({get a(){return 5}})","class{}.name","010","'use strict'.length");

const found = {};
for (const expression of out) {
  try {
    const value = (0, eval)(`'use strict';(\n${expression}\n)`);
    if (value === undefined) found[expression] = "undefined";
    else if (typeof value === "bigint" || (typeof value === "number" && !isFinite(value)))
      found[expression] = [String(value)];
    else {
      const json = JSON.stringify(value);
      found[expression] = json === undefined ? "error" : [JSON.parse(json)];
    }
  } catch {
    found[expression] = "error";
  }
}
const lines = Object.entries(found).map(
  ([expression, value]) => `${JSON.stringify(expression)}: ${JSON.stringify(value)}`,
);
fs.writeFileSync(path.join(__dirname, "v8.json"), `{\n${lines.join(",\n")}\n}\n`);
