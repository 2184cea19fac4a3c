# One of our services, compiled on this machine by `ci/setup`. SERVICE names its crate.
FROM scratch
ARG SERVICE
COPY ${SERVICE} /service
# The service's own folder: a new volume mounted here takes over its owner.
COPY --chown=65532:65532 data /data
USER 65532:65532
EXPOSE 8000
ENTRYPOINT ["/service"]
