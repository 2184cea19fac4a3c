FROM scratch
ADD root.tar /
USER 12345:12345
ENTRYPOINT ["/usr/bin/k6"]
