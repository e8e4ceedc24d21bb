"""The arithmetic of `sums` as WebAssembly text, for one prime: what a runtime compiles where one is installed.

Numbers are in Montgomery form, little-endian, in limbs of 64 bits; a point is its x and its y. Written for each prime
anew, so that loops over limbs are unrolled. Needs the "wide arithmetic" of WebAssembly (64 x 64 = 128 bits).
"""

from collections.abc import Iterator, Sequence

TOTAL = 1024  # where `up` leaves the product, and `down` takes its inverse
_MASK = (1 << 64) - 1


def kernel_text(p: int, limbs: int) -> str:
    """A module with memory and the functions `mul`, `sub`, `add`, `up`, `down`, `test`, `digits`, `same` and `clamped`.

    The first three take where two numbers lie and where the result goes.
    """
    parts = [_function("mul", ["a", "b", "r"], _mul(p, limbs), _locals(limbs))]
    parts.append(_function("sub", ["a", "b", "r"], _sub(p, limbs), _locals(limbs)))
    parts.append(_function("add", ["a", "b", "r"], _add(p, limbs), _locals(limbs)))
    places = {name: 8 * limbs * (1 + index) for index, name in enumerate("stu")}
    sizes = {"size": 8 * limbs, "point": 16 * limbs, "total": TOTAL}
    parts.append(_LOOPS.format(**sizes, **places, copy=_copy(limbs), same=_same(limbs)))
    return '(module\n(memory (export "memory") 1)\n' + "\n".join(parts) + "\n)\n"


def _function(name: str, parameters: Sequence[str], body: Iterator[str], locals_: str) -> str:
    told = " ".join(f"(param ${each} i32)" for each in parameters)
    return f'(func ${name} (export "{name}") {told}\n{locals_}\n' + "\n".join(body) + "\n)"


def _locals(limbs: int) -> str:
    names = [*(f"a{i}" for i in range(limbs)), *(f"t{i}" for i in range(limbs + 2)), *(f"s{i}" for i in range(limbs))]
    return " ".join(f"(local ${name} i64)" for name in [*names, "b_", "c", "lo", "hi", "m"])


def _words(p: int, limbs: int) -> list[int]:
    return [p >> 64 * i & _MASK for i in range(limbs)]


def _signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


def _mul(p: int, limbs: int) -> Iterator[str]:
    """The number at `r` becomes a * b / 2^(64 limbs) modulo p: Montgomery's product, a limb of b at a time (CIOS)."""
    words = _words(p, limbs)
    inverse = -pow(p, -1, 1 << 64) & _MASK
    for i in range(limbs):
        yield f"local.get $a i64.load offset={8 * i} local.set $a{i}"
    for i in range(limbs):
        yield f"local.get $b i64.load offset={8 * i} local.set $b_"
        for j in range(limbs):
            yield f"local.get $a{j} local.get $b_ i64.mul_wide_u"
            if i:
                yield f"local.get $t{j} i64.const 0 i64.add128"
            if j:
                yield "local.get $c i64.const 0 i64.add128"
            yield f"local.set $c local.set $t{j}"
        if i:
            yield f"local.get $t{limbs} i64.const 0 local.get $c i64.const 0 i64.add128"
            yield f"local.set $t{limbs + 1} local.set $t{limbs}"
        else:
            yield f"local.get $c local.set $t{limbs} i64.const 0 local.set $t{limbs + 1}"
        factor = "" if inverse == 1 else f" i64.const {_signed(inverse)} i64.mul"
        yield f"local.get $t0{factor} local.set $m"
        for j in range(limbs):
            yield f"local.get $m i64.const {_signed(words[j])} i64.mul_wide_u"
            yield f"local.get $t{j} i64.const 0 i64.add128"
            if j:
                yield "local.get $c i64.const 0 i64.add128"
            yield f"local.set $c {f'local.set $t{j - 1}' if j else 'drop'}"
        yield f"local.get $t{limbs} i64.const 0 local.get $c i64.const 0 i64.add128"
        yield f"local.set $hi local.set $t{limbs - 1}"
        yield f"local.get $t{limbs + 1} local.get $hi i64.add local.set $t{limbs}"
    yield from _reduced(words, limbs)


def _reduced(words: Sequence[int], limbs: int) -> Iterator[str]:
    """The number at `r` becomes t, less p where t is not below p; t has one limb more."""
    for j in range(limbs):
        yield f"local.get $t{j} i64.const 0 i64.const {_signed(words[j])} i64.const 0 i64.sub128"
        if j:
            yield "local.get $c i64.const 0 i64.sub128"
        yield f"i64.const 1 i64.and local.set $c local.set $s{j}"
    yield f"local.get $c i64.eqz local.get $t{limbs} i64.eqz i32.eqz i32.or"
    yield "if"
    for j in range(limbs):
        yield f"local.get $r local.get $s{j} i64.store offset={8 * j}"
    yield "else"
    for j in range(limbs):
        yield f"local.get $r local.get $t{j} i64.store offset={8 * j}"
    yield "end"


def _sub(p: int, limbs: int) -> Iterator[str]:
    """The number at `r` becomes a - b modulo p."""
    words = _words(p, limbs)
    for j in range(limbs):
        yield f"local.get $a i64.load offset={8 * j} i64.const 0"
        yield f"local.get $b i64.load offset={8 * j} i64.const 0 i64.sub128"
        if j:
            yield "local.get $c i64.const 0 i64.sub128"
        yield f"i64.const 1 i64.and local.set $c local.set $t{j}"
    yield "i64.const 0 local.get $c i64.sub local.set $m"  # all ones after a borrow
    for j in range(limbs):
        yield f"local.get $t{j} i64.const 0 i64.const {_signed(words[j])} local.get $m i64.and i64.const 0 i64.add128"
        if j:
            yield "local.get $hi i64.const 0 i64.add128"
        yield f"local.set $hi local.set $t{j}"
        yield f"local.get $r local.get $t{j} i64.store offset={8 * j}"


def _add(p: int, limbs: int) -> Iterator[str]:
    """The number at `r` becomes a + b modulo p."""
    for j in range(limbs):
        yield f"local.get $a i64.load offset={8 * j} i64.const 0"
        yield f"local.get $b i64.load offset={8 * j} i64.const 0 i64.add128"
        if j:
            yield "local.get $hi i64.const 0 i64.add128"
        yield f"local.set $hi local.set $t{j}"
    yield f"local.get $hi local.set $t{limbs}"
    yield from _reduced(_words(p, limbs), limbs)


def _copy(limbs: int) -> str:
    return "\n".join(
        f"local.get $to local.get $from i64.load offset={8 * j} i64.store offset={8 * j}" for j in range(2 * limbs)
    )


def _same(limbs: int) -> str:
    tests = [
        f"i32.const {8 * limbs} i64.load offset={8 * j} i32.const {16 * limbs} i64.load offset={8 * j} i64.eq"
        for j in range(limbs)
    ]
    return tests[0] + "".join(f" {each} i32.and" for each in tests[1:])


_LOOPS = """
(func $copy (param $from i32) (param $to i32)
  {copy}
)
(func (export "digits") (param $n i32) (param $digits i32) (param $row i32) (param $out i32)
  (local $i i32) (local $d i32)
  (loop $next
    (if (i32.lt_u (local.get $i) (local.get $n)) (then
      (local.set $d (i32.load8_u (i32.add (local.get $digits) (local.get $i))))
      (i32.store (i32.add (local.get $out) (i32.shl (local.get $i) (i32.const 2)))
        (select (i32.add (local.get $row) (i32.mul (local.get $d) (i32.const {point}))) (i32.const 0) (local.get $d)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
)
(func (export "same") (param $n i32) (param $point i32) (param $step i32) (param $out i32)
  (local $i i32)
  (loop $next
    (if (i32.lt_u (local.get $i) (local.get $n)) (then
      (i32.store (i32.add (local.get $out) (i32.shl (local.get $i) (i32.const 2))) (local.get $point))
      (local.set $point (i32.add (local.get $point) (local.get $step)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
)
(func (export "clamped") (param $n i32) (param $tops i32) (param $lows i32) (param $row i32) (param $out i32)
  (local $i i32)
  (loop $next
    (if (i32.lt_u (local.get $i) (local.get $n)) (then
      (i32.store (i32.add (local.get $out) (i32.shl (local.get $i) (i32.const 2)))
        (i32.add (local.get $row) (i32.mul (i32.const {point}) (i32.shl (i32.or
          (i32.shl (i32.shr_u (i32.load8_u (i32.add (local.get $tops) (local.get $i))) (i32.const 6)) (i32.const 3))
          (i32.and (i32.load8_u (i32.add (local.get $lows) (local.get $i))) (i32.const 7))) (i32.const 1)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
)
(func (export "up") (param $n i32) (param $p i32) (param $ps i32) (param $q i32) (param $gaps i32) (param $befores i32)
  (local $i i32) (local $at i32)
  (loop $next
    (if (i32.lt_u (local.get $i) (local.get $n)) (then
      (local.set $at (i32.load (i32.add (local.get $q) (i32.shl (local.get $i) (i32.const 2)))))
      (if (local.get $at) (then
        (call $sub (local.get $at) (local.get $p) (local.get $gaps))
        (memory.copy (local.get $befores) (i32.const {total}) (i32.const {size}))
        (call $mul (i32.const {total}) (local.get $gaps) (i32.const {total}))))
      (local.set $p (i32.add (local.get $p) (local.get $ps)))
      (local.set $gaps (i32.add (local.get $gaps) (i32.const {size})))
      (local.set $befores (i32.add (local.get $befores) (i32.const {size})))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
)
(func (export "down") (param $n i32) (param $p i32) (param $ps i32) (param $r i32) (param $rs i32) (param $q i32)
    (param $gaps i32) (param $befores i32)
  (local $at i32)
  (local.set $p (i32.add (local.get $p) (i32.mul (local.get $n) (local.get $ps))))
  (local.set $r (i32.add (local.get $r) (i32.mul (local.get $n) (local.get $rs))))
  (local.set $gaps (i32.add (local.get $gaps) (i32.mul (local.get $n) (i32.const {size}))))
  (local.set $befores (i32.add (local.get $befores) (i32.mul (local.get $n) (i32.const {size}))))
  (loop $next
    (if (local.get $n) (then
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (local.set $p (i32.sub (local.get $p) (local.get $ps)))
      (local.set $r (i32.sub (local.get $r) (local.get $rs)))
      (local.set $gaps (i32.sub (local.get $gaps) (i32.const {size})))
      (local.set $befores (i32.sub (local.get $befores) (i32.const {size})))
      (local.set $at (i32.load (i32.add (local.get $q) (i32.shl (local.get $n) (i32.const 2)))))
      (if (local.get $at)
        (then
          (call $mul (i32.const {total}) (local.get $befores) (i32.const {s}))
          (call $mul (i32.const {total}) (local.get $gaps) (i32.const {total}))
          (call $sub
            (i32.add (local.get $at) (i32.const {size})) (i32.add (local.get $p) (i32.const {size})) (i32.const {t}))
          (call $mul (i32.const {s}) (i32.const {t}) (i32.const {u}))
          (call $mul (i32.const {u}) (i32.const {u}) (i32.const {s}))
          (call $sub (i32.const {s}) (local.get $p) (i32.const {s}))
          (call $sub (i32.const {s}) (local.get $at) (i32.const {s}))
          (call $sub (local.get $p) (i32.const {s}) (i32.const {t}))
          (call $mul (i32.const {u}) (i32.const {t}) (i32.const {t}))
          (call $sub
            (i32.const {t}) (i32.add (local.get $p) (i32.const {size})) (i32.add (local.get $r) (i32.const {size})))
          (memory.copy (local.get $r) (i32.const {s}) (i32.const {size})))
        (else (call $copy (local.get $p) (local.get $r))))
      (br $next))))
)
(func (export "test") (param $n i32) (param $new i32) (param $old i32) (param $q i32) (param $out i32) (result i32)
  (local $i i32) (local $at i32) (local $hits i32)
  (loop $next
    (if (i32.lt_u (local.get $i) (local.get $n)) (then
      (local.set $at (i32.load (i32.add (local.get $q) (i32.shl (local.get $i) (i32.const 2)))))
      (call $add
        (i32.add (local.get $new) (i32.const {size})) (i32.add (local.get $at) (i32.const {size})) (i32.const {s}))
      (call $sub (local.get $old) (local.get $at) (i32.const {t}))
      (call $mul (i32.const {s}) (i32.const {t}) (i32.const {s}))
      (call $sub
        (i32.add (local.get $at) (i32.const {size})) (i32.add (local.get $old) (i32.const {size})) (i32.const {t}))
      (call $sub (local.get $new) (local.get $at) (i32.const {u}))
      (call $mul (i32.const {t}) (i32.const {u}) (i32.const {t}))
      {same}
      (if (then
        (i32.store (i32.add (local.get $out) (i32.shl (local.get $hits) (i32.const 2))) (local.get $i))
        (local.set $hits (i32.add (local.get $hits) (i32.const 1)))))
      (local.set $new (i32.add (local.get $new) (i32.const {point})))
      (local.set $old (i32.add (local.get $old) (i32.const {point})))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next))))
  (local.get $hits)
)
"""
