FROM scratch
ADD root.tar /
COPY --chown=999:999 empty/ /data/
USER 999:999
WORKDIR /data
VOLUME /data
EXPOSE 6379
CMD ["redis-server", "--protected-mode", "no"]
