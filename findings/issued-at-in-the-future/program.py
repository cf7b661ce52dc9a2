import time
import warnings

warnings.simplefilter("ignore")

import authlib.jose
import joserfc.jwk
import joserfc.jwt
import jose.jwt
import jwt

KEY = "k" * 32
NOW = int(time.time())
TOKEN = jwt.encode({"sub": "user", "aud": "chat", "iat": NOW + 5, "exp": NOW + 120}, KEY, "HS256")


def joserfc_validate():
    token = joserfc.jwt.decode(TOKEN, joserfc.jwk.OctKey.import_key(KEY))
    joserfc.jwt.JWTClaimsRegistry().validate(token.claims)


LIBRARIES = {
    "Authlib": lambda: authlib.jose.jwt.decode(TOKEN, KEY).validate(),
    "Authlib, leeway=10": lambda: authlib.jose.jwt.decode(TOKEN, KEY).validate(leeway=10),
    "joserfc": joserfc_validate,
    "PyJWT": lambda: jwt.decode(TOKEN, KEY, ["HS256"], audience="chat"),
    "PyJWT, leeway=10": lambda: jwt.decode(TOKEN, KEY, ["HS256"], audience="chat", leeway=10),
    "python-jose": lambda: jose.jwt.decode(TOKEN, KEY, algorithms=["HS256"], audience="chat"),
}

for name, validate in LIBRARIES.items():
    try:
        validate()
        print(f"{name:19} accepts")
    except Exception as error:
        print(f"{name:19} refuses: {error}")
