FROM scratch
ADD root.tar /
COPY --chown=999:999 empty/ /run/postgresql/
COPY --chown=999:999 empty/ /var/lib/postgresql/data/
COPY empty/ /docker-entrypoint-initdb.d/
COPY postgres-entrypoint.sh /usr/bin/
ENV PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
VOLUME /var/lib/postgresql/data
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["/bin/sh", "/usr/bin/postgres-entrypoint.sh"]
CMD ["postgres"]
