# One of our services, compiled on this machine by `ci/setup`. SERVICE names its crate.
FROM scratch
ARG SERVICE
COPY ${SERVICE} /service
USER 65532:65532
EXPOSE 8000
ENTRYPOINT ["/service"]
