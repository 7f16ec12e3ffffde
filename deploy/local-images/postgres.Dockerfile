# Stand-in for the public `postgres` image: Debian's Postgres 15, started the same way with the same variables.
FROM gehoor-local/python:3.11
RUN apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postgresql-15 \
 && rm -rf /var/lib/apt/lists/* /var/lib/postgresql/15
COPY postgres-start.sh /usr/local/bin/
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
RUN chown postgres:postgres /var/lib/postgresql
USER postgres
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["postgres-start.sh"]
CMD ["postgres"]
